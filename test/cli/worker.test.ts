import { describe, expect, it } from 'vitest'
import { schedule } from '../../lib/index.ts'
import { ownServer } from '../support/servers.ts'
import { golden, HELD_UP, scene, TASKS, withoutHoldUps } from './cli.ts'

interface Line {
  level: string
  msg: string
}

function lines(stdout: string): Line[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

describe('rqts worker', () => {
  it('in a pipe writes JSON lines, one for each job that ends', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('add', [1, 2], { jobId: 'sum' })
    await s.queue().enqueue('boom', ['oh no'], { jobId: 'bad', retry: 1 })
    const { code, stdout, stderr } = await s.run('worker', '--burst', '--name', 'w1')
    expect({ code, stderr: withoutHoldUps(stderr) }).toEqual({ code: 0, stderr: '' })
    const told = lines(stdout).filter(({ msg }) => !msg.startsWith('Redis keeps nothing on disk') && !HELD_UP.test(msg))
    expect(told).toMatchObject([
      {
        level: 'info',
        msg: 'starting',
        name: 'w1',
        queues: ['default'],
        pool: 'async',
        concurrency: 10,
        tasks: ['add', 'boom', 'greet', 'hang', 'talk'],
        redis: s.url,
      },
      { level: 'info', msg: 'ready', name: 'w1' },
      { level: 'info', msg: 'finished', id: 'sum', queue: 'default', task: 'add', attempt: 1, elapsedMs: expect.any(Number) },
      {
        level: 'warn',
        msg: 'failed, will be retried',
        id: 'bad',
        attempt: 1,
        delayMs: 0,
        error: { name: 'TypeError', message: 'oh no', at: 'tasks.mjs:3' },
      },
      { level: 'error', msg: 'failed', id: 'bad', attempt: 2, reason: 'error' },
      { level: 'info', msg: 'worker ended', processed: 3, succeeded: 1, failed: 2 },
    ])
  })

  it('for people has a banner, then a line for each job', async () => {
    const s = await scene({ 'src/tasks.mjs': TASKS })
    await s.queue('mail').enqueue('add', [1, 2])
    await s.queue('mail').enqueue('boom', ['evil \u001b[31m\nred'], { retry: { max: 1, delay: '1h' } })
    await s.queue('mail').enqueue('boom', ['again'])
    await s.queue('reports').enqueue('add', [1, 2])
    const { code, stdout } = await s.run('worker', 'mail', 'm*', '-c', '1', '--burst', '--name', 'w1', '--log-format', 'pretty', '-v')
    expect(code).toBe(0)
    expect(golden(withoutHoldUps(stdout), s)).toMatchInlineSnapshot(`
      "
        rqts VERSION  worker w1
        redis    REDIS  (Redis VERSION)
        queues   mail, m*
        pool     async, concurrency 1
        tasks    5 tasks from src/tasks.mjs: add, boom, greet, hang, talk

      TIME WARN Redis keeps nothing on disk, so a restart loses all jobs: CONFIG SET appendonly yes
      TIME WARN no worker serves reports (1 job)
      TIME ready
      TIME ▸ add  ULID  mail  waited N
      TIME ✓ add  ULID N
      TIME ▸ boom  ULID  mail  waited N
      TIME ✗ boom  ULID N  attempt 1  TypeError: evil  red  (src/tasks.mjs:3)  retry in 1h
      TIME ▸ boom  ULID  mail  waited N
      TIME ✗ boom  ULID N  TypeError: again  (src/tasks.mjs:3)
      TIME done: 3 jobs, 1 succeeded, 2 failed
      "
    `)
  })

  it('--json leaves stdout to one value', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('add', [1, 2])
    const { stdout, stderr } = await s.run('worker', '--burst', '--json', '--name', 'w1')
    expect(JSON.parse(stdout)).toEqual({ name: 'w1', processed: 1, succeeded: 1, failed: 0 })
    expect(lines(stderr).map(({ msg }) => msg)).toContain('finished')
  })

  const LOUD = "export function loud(n) { console.log('printed by a handler ' + n); process.stdout.write('no line'); return n }"

  it.each(['async', 'processes', 'threads'])('--json: what handlers print does not come between (%s)', async (pool) => {
    const s = await scene({ 'tasks.mjs': LOUD })
    await s.queue().enqueue('loud', [1])
    const { stdout, stderr } = await s.run('worker', '--burst', '--json', '--name', 'w1', '-p', pool)
    expect(JSON.parse(stdout)).toEqual({ name: 'w1', processed: 1, succeeded: 1, failed: 0 })
    expect(stderr).toContain('printed by a handler 1')
  })

  it.each(['async', 'processes'])('--json with several processes is one stream of events that say whose they are (%s)', async (pool) => {
    const s = await scene({ 'tasks.mjs': LOUD })
    await s.queue().enqueueMany(Array.from({ length: 300 }, (_, i) => ['loud', [i]] as const))
    const { code, stdout, stderr } = await s.run('worker', '--burst', '--json', '--name', 'w', '--processes', '2', '-p', pool)
    expect(code).toBe(0)
    const events = lines(stdout) as (Line & { worker?: string; supervisor?: number; id?: string; processed?: number })[]
    expect(events.every(({ worker, supervisor }) => ['w.1', 'w.2'].includes(worker ?? '') || supervisor !== undefined)).toBe(true)
    expect(new Set(events.filter(({ msg }) => msg === 'finished').map(({ id }) => id)).size).toBe(300)
    const ends = events.filter(({ msg }) => msg === 'worker ended')
    expect(ends.map(({ worker }) => worker).sort()).toEqual(['w.1', 'w.2'])
    expect(ends.reduce((sum, { processed }) => sum + processed!, 0)).toBe(300)
    expect(stderr).toContain('printed by a handler')
  })

  it('-q is quiet but for what went wrong', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('add', [1, 2])
    await s.queue().enqueue('boom', [])
    const { stdout } = await s.run('worker', '--burst', '-q', '--log-format', 'pretty')
    expect(
      withoutHoldUps(stdout)
        .split('\n')
        .filter((line) => line !== '' && !line.includes('keeps nothing on disk')),
    ).toEqual([expect.stringMatching(/✗ boom .* TypeError: it broke {2}\(tasks\.mjs:3\)$/)])
  })

  it('without task modules says what it looked for, and how to name one', async () => {
    const s = await scene()
    const { code, stderr } = await s.run('worker')
    expect(code).toBe(2)
    expect(stderr).toContain(`No tasks to run: ${s.dir} has none of tasks.ts, tasks.mts, tasks.js, tasks.mjs, src/tasks.ts`)
    expect(stderr).toContain('rqts worker --tasks FILE')
    s.write({ 'tasks.mjs': 'export const nothing = 1' })
    expect(await s.run('worker')).toMatchObject({ code: 2, stderr: expect.stringContaining('export a function') })
    expect(await s.run('worker', '-t', 'nowhere.ts')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no task file 'nowhere.ts'"),
    })
  })

  it('says once that a task file cannot be imported, and where it broke', async () => {
    const s = await scene({
      'tasks.mjs': `import { settings } from './settings.mjs'\nexport const add = () => settings`,
      'settings.mjs': '',
    })
    s.write({ 'settings.mjs': "function read() { throw new Error('no settings here') }\nexport const settings = read()" })
    const { code, stdout, stderr } = await s.run('worker', '--log-format', 'pretty')
    expect(code).toBe(2)
    expect(stderr).toBe(
      `error: The task file ${s.dir}/tasks.mjs could not be imported. Error: no settings here (settings.mjs:1) [RQTS_TASK_FILE]\n`,
    )
    expect(stdout.match(/A worker process ended[^\n]*/g)).toEqual([expect.stringContaining('before any was ready; no more are started')])
  })

  it('says once, plainly, what would lose jobs or let them wait for ever', async () => {
    const server = await ownServer({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
    const s = await scene({ 'tasks.mjs': TASKS })
    s.env['RQTS_REDIS_URL'] = server.url
    await s.run('enqueue', 'add', '-q', 'reports')
    await schedule('nightly', 'add', [], { every: '1d' }, { connection: server.url, prefix: s.prefix })
    const { stdout } = await s.run('worker', '--burst', '--no-scheduler', '--log-format', 'pretty')
    const warnings = withoutHoldUps(stdout)
      .split('\n')
      .flatMap((line) => line.split(' WARN ')[1] ?? [])
    expect(warnings).toEqual([
      'Redis may drop jobs when its memory is full (maxmemory-policy is allkeys-lru): CONFIG SET maxmemory-policy noeviction',
      'Redis keeps nothing on disk, so a restart loses all jobs: CONFIG SET appendonly yes',
      'no worker serves reports (1 job)',
      'nobody fires the 1 schedule: run `rqts scheduler`, or a worker without --no-scheduler',
    ])
  })

  it('-t takes several files; what follows and is none is a queue', async () => {
    const s = await scene({ 'a.mjs': 'export function one() {}', 'b.mts': 'export function two(x: number): void {}' })
    const { stdout } = await s.run('worker', 'high', '-t', 'a.mjs', 'b.mts', 'low', '--burst')
    expect(lines(stdout)[0]).toMatchObject({ queues: ['high', 'low'], tasks: ['one', 'two'] })
  })

  it.each(['processes', 'threads'])('-p %s', async (pool) => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('add', [1, 2], { jobId: 'sum' })
    const { code, stdout } = await s.run('worker', '-p', pool, '-c', '1', '--burst')
    expect(code).toBe(0)
    expect(lines(stdout)[0]).toMatchObject({ pool, concurrency: 1 })
    expect((await s.queue().fetchJob('sum'))!.returnValue).toBe(3)
  })

  it('at the first signal lets running jobs finish', async () => {
    const s = await scene({
      'tasks.mjs':
        "import { existsSync } from 'node:fs'\nexport async function wait() { while (!existsSync('go')) await new Promise((r) => setTimeout(r, 20)) }",
    })
    const worker = s.start('worker', '-v')
    await worker.seen(/"ready"/)
    const job = await s.queue().enqueue('wait', [])
    await worker.seen(/"started"/)
    worker.signal('SIGTERM')
    await worker.seen(/"stopping"/)
    s.write({ go: '' })
    const { code, stdout } = await worker.exited
    expect(code).toBe(0)
    expect(lines(stdout)).toMatchObject(expect.arrayContaining([expect.objectContaining({ msg: 'stopping', running: 1 })]))
    expect((await job.refresh()).status).toBe('finished')
  })

  it('at the second puts them back and exits with 130', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const worker = s.start('worker', '-v')
    await worker.seen(/"ready"/)
    const job = await s.queue().enqueue('hang', [])
    await worker.seen(/"started"/)
    worker.signal('SIGINT')
    await worker.seen(/"stopping"/)
    worker.signal('SIGINT')
    expect((await worker.exited).code).toBe(130)
    await job.refresh()
    expect(job).toMatchObject({ status: 'queued', attempt: 0 })
  })

  it('ends at the first signal when Redis hangs and nothing runs', async () => {
    const server = await ownServer()
    const s = await scene({ 'tasks.mjs': TASKS })
    s.env['RQTS_REDIS_URL'] = server.url
    const worker = s.start('worker')
    await worker.seen(/"ready"/)
    await server.kill('SIGSTOP')
    worker.signal('SIGINT')
    const { code, stdout } = await worker.exited
    await server.kill('SIGCONT')
    expect(code).toBe(0)
    expect(lines(stdout)).toContainEqual(expect.objectContaining({ msg: 'worker ended', processed: 0 }))
  })

  it('says that it waits for Redis to write down what has ended', async () => {
    const server = await ownServer()
    const s = await scene({
      'tasks.mjs':
        "import { existsSync } from 'node:fs'\nexport async function wait() { while (!existsSync('go')) await new Promise((r) => setTimeout(r, 20)) }",
    })
    s.env['RQTS_REDIS_URL'] = server.url
    await s.run('enqueue', 'wait', '--job-id', 'j1')
    const worker = s.start('worker', '-v', '--shutdown-timeout', '60s')
    await worker.seen(/"started"/)
    await server.kill('SIGSTOP')
    worker.signal('SIGTERM')
    await worker.seen(/"stopping"/)
    s.write({ go: '' })
    await worker.seen(/Waiting up to [^"]* for Redis, to write down how these jobs have ended".*"default\/j1"/)
    await server.kill('SIGCONT')
    expect((await worker.exited).code).toBe(0)
    expect(await s.json('job', 'j1')).toMatchObject({ status: 'finished' })
  })

  it('waits for a Redis that is not up yet, and says so', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    s.env['RQTS_REDIS_URL'] = 'redis://:geheim@127.0.0.1:1'
    const worker = s.start('worker')
    const [line] = await worker.seen(/.*Cannot reach Redis at .*\n/)
    expect(line).toContain('redis://:***@127.0.0.1:1 (from RQTS_REDIS_URL)')
    expect(line).toContain('Trying again until it answers')
    worker.signal('SIGINT')
    expect((await worker.exited).code).toBe(0)
  })

  it('refuses a name that a live worker has', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.start('worker', '--name', 'w1').seen(/"ready"/)
    expect(await s.run('worker', '--name', 'w1')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("A live worker is already named 'w1'"),
    })
  })
})
