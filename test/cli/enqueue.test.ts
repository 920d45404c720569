import { describe, expect, it } from 'vitest'
import { type Scene, scene, TASKS } from './cli.ts'

async function args(s: Scene, ...words: string[]): Promise<unknown> {
  const { id } = await s.json<{ id: string }>('enqueue', 'add', ...words)
  return (await s.queue().fetchJob(id))!.args
}

describe('rqts enqueue', () => {
  it('prints the id alone, so that scripts can use it', async () => {
    const s = await scene()
    const { code, stdout, stderr } = await s.run('enqueue', 'add', ':2', ':3')
    expect(code).toBe(0)
    expect(stderr).toBe('add is queued in default\n')
    expect(await s.queue().jobIds()).toEqual([stdout.trim()])
    expect(await s.run('enqueue', 'add', '--quiet')).toMatchObject({ stderr: '' })
    expect(await s.json('enqueue', 'add', '--job-id', 'mine')).toEqual({ id: 'mine', queue: 'default', status: 'queued' })
  })

  it('takes text, JSON and files as arguments', async () => {
    const s = await scene({ 'text.txt': 'from a file\n', 'rows.json': '[{"a":1}]' })
    expect(await args(s, 'text', ':2', ':{"a":[null]}', '@text.txt', ':@rows.json', ':"@x"', ':-5')).toEqual([
      'text',
      2,
      { a: [null] },
      'from a file\n',
      [{ a: 1 }],
      '@x',
      -5,
    ])
  })

  it('passes every option on', async () => {
    const s = await scene()
    await s.run('enqueue', 'add', '-q', 'mail', '--job-id', 'parent')
    const words =
      '-q mail --job-id child --in 1h --at-front --timeout 5s --ttl 2h --result-ttl -1 --failure-ttl 1d --retry 2 --depends-on parent --priority -3 --concurrency-key k'
    const { code } = await s.run('enqueue', 'add', ...words.split(' '), '--meta', '{"by":"me"}')
    expect(code).toBe(0)
    const { options } = (await s.queue('mail').fetchJob('child'))!
    expect(options).toMatchObject({
      timeout: 5_000,
      ttl: 7_200_000,
      resultTtl: Number.POSITIVE_INFINITY,
      failureTtl: 86_400_000,
      retry: { max: 2 },
      atFront: true,
      priority: -3,
      concurrencyKey: 'k',
      meta: { by: 'me' },
      dependsOn: { jobs: [{ id: 'parent', queue: 'mail' }] },
    })
    expect(await s.json('enqueue', 'add', '--at', '2100-01-31T09:00Z', '--job-id', 'late')).toMatchObject({ status: 'scheduled' })
    expect((await s.queue().fetchJob('late'))!.runAt).toEqual(new Date('2100-01-31T09:00Z'))
    expect(await s.json('enqueue', 'add', '--depends-on', 'late', 'mail/child')).toMatchObject({ status: 'deferred' })
  })

  it('refuses an id in use (5) and unknown parents (4)', async () => {
    const s = await scene()
    await s.run('enqueue', 'add', '--job-id', 'mine')
    expect(await s.run('enqueue', 'add', '--job-id', 'mine')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("The job id 'mine' is in use"),
    })
    expect(await s.run('enqueue', 'add', '--depends-on', 'nobody')).toMatchObject({ code: 4 })
  })

  it('--wait prints the result, or what was thrown', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.start('worker', '--log-format', 'json').seen(/"ready"/)
    expect(await s.run('enqueue', 'add', ':2', ':3', '--wait', '-q', 'default')).toMatchObject({ code: 0, stdout: '5\n' })
    expect(await s.run('enqueue', 'greet', 'Ann', '--wait')).toMatchObject({
      stdout: '{"greeting":"Hello, Ann","at":"1970-01-01T00:00:00.000Z","names":["Ann"]}\n',
    })
    expect(await s.json('enqueue', 'add', ':2', ':3', '--wait', '10s', '--job-id', 'sum')).toEqual({
      id: 'sum',
      queue: 'default',
      status: 'finished',
      result: 5,
    })
    const failed = await s.run('enqueue', 'boom', 'oh no', '--wait', '--json', '--job-id', 'bad')
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stdout)).toEqual({
      id: 'bad',
      queue: 'default',
      status: 'failed',
      error: { name: 'TypeError', message: 'oh no', stack: expect.stringContaining('tasks.mjs') },
    })
    const told = await s.run('enqueue', 'boom', 'oh \u001b[31mno', '--wait')
    expect(told).toMatchObject({ code: 1, stdout: '' })
    expect(told.stderr).toMatch(/failed: Job \w+ \(boom\) failed: oh no\n {2}TypeError: oh no\n +at .*tasks\.mjs:3/)
  })

  it('--wait with a time gives up in time, and points out what is missing', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const { code, stdout } = await s.run('enqueue', 'add', '--wait', '50ms', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'queued',
      error: { name: 'WaitTimeout', message: expect.stringContaining('did not end within 50 ms') },
    })
    const waiting = s.start('enqueue', 'add', '--wait')
    await waiting.seen(/warning: no worker serves queue 'default': start one with `rqts worker default`/)
    waiting.signal('SIGINT')
    expect((await waiting.exited).code).toBe(130)
    expect(await s.queue().count()).toBe(2)
    const [id = ''] = await s.queue().jobIds()
    expect((await s.run('job', id)).stderr).toContain("no worker serves queue 'default'")
  })

  it('points out a number that goes as a text', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    expect((await s.run('enqueue', 'add', '2', ':3')).stderr).toContain('2 is passed as text; as JSON it is :2')
    expect((await s.run('enqueue', 'add', ':2', 'v2', '--job-id', '7')).stderr).not.toContain('as text')
  })

  it('points out a task that no live worker knows', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.start('worker', '--log-format', 'json').seen(/"ready"/)
    const { code, stderr } = await s.run('enqueue', 'ad', ':1')
    expect(code).toBe(0)
    expect(stderr).toContain("warning: no live worker of queue 'default' knows the task 'ad'; did you mean 'add'?")
  })
})
