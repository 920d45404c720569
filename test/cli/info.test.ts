import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Schedules, schedule } from '../../lib/index.ts'
import { ON_CLUSTER } from '../support/redis.ts'
import { golden, MAIN, type Scene, scene, TASKS, until } from './cli.ts'

/** Two waiting jobs, one scheduled and one deferred in `mail`; one waiting in `default`. */
async function seeded(): Promise<Scene> {
  const s = await scene({ 'tasks.mjs': TASKS })
  const mail = s.queue('mail')
  await mail.enqueue('add', [1, 2], { jobId: 'm1' })
  await mail.enqueue('add', [3, 4], { jobId: 'm2' })
  await mail.enqueue('add', [5, 6], { jobId: 'm3', delay: '1h' })
  await mail.enqueue('add', [7, 8], { jobId: 'm4', dependsOn: 'm3' })
  await s.queue().enqueue('add', [1, 2], { jobId: 'd1' })
  return s
}

/** 1,000 queues with jobs and 500 workers with many tasks, as other processes would have left them. */
async function crowd(s: Scene): Promise<void> {
  const redis = new Redis(s.url)
  const [now, forLong] = [Date.now(), Date.now() + 3_600_000]
  const pipe = redis.pipeline()
  const tasks = Array.from({ length: 100 }, (_, i) => `some.task.of.many.${i}`).join(',')
  for (let i = 0; i < 1_000; i++) {
    pipe.sadd(`${s.prefix}:queues`, `q${i}`)
    pipe.rpush(`${s.prefix}:{q${i}}:queue`, 'a', 'b')
    pipe.hset(`${s.prefix}:{q${i}}:job:a`, { status: 'queued', origin: `q${i}`, task: 'add', args: '[]', timeout: 1, enqueued_at: now })
    pipe.hset(`${s.prefix}:{q${i}}:job:b`, { status: 'queued', origin: `q${i}`, task: 'add', args: '[]', timeout: 1, enqueued_at: now })
    if (i % 5 === 0) pipe.hset(`${s.prefix}:{q${i}}:stats:${Math.floor(now / 60_000)}`, { started: 4, finished: 4, run: 80, 'run:8': 4 })
  }
  for (let i = 0; i < 500; i++) {
    const [name, queues] = [`host.${i}`, `q${2 * i},q${2 * i + 1}`]
    pipe.zadd(`${s.prefix}:workers`, forLong, name)
    pipe.hset(`${s.prefix}:worker:${name}`, {
      state: 'idle',
      queues,
      concurrency: 10,
      heartbeat: now,
      deadline: forLong,
      tasks: 100,
      task_names: tasks,
    })
  }
  await pipe.exec()
  onTestFinished(async () => {
    const keys = await redis.keys(`${s.prefix}:*`)
    while (keys.length > 0) await redis.del(...keys.splice(0, 1_000))
    redis.disconnect()
  })
}

describe('rqts info', () => {
  it('--json has the documented shape', async () => {
    const s = await seeded()
    const worker = s.start('worker', 'default', '--name', 'w1', '--log-format', 'json')
    await worker.seen(/"finished"/)
    let seen: { queues: { finished: number }[]; workers: { state: string }[] } | undefined
    // What it prints, what it writes of the job and what it says of itself go three ways.
    await until('Redis knows all of that', async () => {
      seen = await s.json<NonNullable<typeof seen>>('info')
      return seen.queues[0]?.finished === 1 && seen.workers[0]?.state === 'idle'
    })
    expect(seen).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      redis: { url: s.url, version: expect.stringMatching(/^\d+\.\d+/), usedMemory: expect.any(Number) },
      queues: [
        {
          name: 'default',
          queued: 0,
          started: 0,
          deferred: 0,
          scheduled: 0,
          finished: 1,
          failed: 0,
          canceled: 0,
          paused: false,
          limited: false,
          workers: 1,
          slots: 10,
          oldestMs: null,
          finishedPerMinute: expect.any(Number),
          failedPerMinute: 0,
          runP95Ms: expect.toSatisfy((ms: unknown) => ms === null || typeof ms === 'number'),
        },
        {
          name: 'mail',
          queued: 2,
          started: 0,
          deferred: 1,
          scheduled: 1,
          finished: 0,
          failed: 0,
          canceled: 0,
          paused: false,
          limited: false,
          workers: 0,
          slots: 0,
          oldestMs: expect.any(Number),
          finishedPerMinute: 0,
          failedPerMinute: 0,
          runP95Ms: null,
        },
      ],
      workers: [
        {
          name: 'w1',
          state: 'idle',
          host: expect.any(String),
          pid: expect.any(Number),
          queues: ['default'],
          pool: 'async',
          concurrency: 10,
          jobs: [],
          succeeded: expect.any(Number),
          failed: 0,
          memory: expect.any(Number),
          heartbeatAgeMs: expect.any(Number),
        },
      ],
      totals: { queues: 2, workers: 1, queued: 2, started: 0, deferred: 1, scheduled: 1, finished: 1, failed: 0, canceled: 0 },
      schedules: {
        schedules: 0,
        active: 0,
        ticker: expect.toSatisfy((name: unknown) => name === 'w1' || name === null),
        lateMs: 0,
        next: [],
      },
    })
  })

  it('is an aligned table in a pipe, without bars or colours', async () => {
    const s = await seeded()
    const { code, stdout } = await s.run('info')
    expect(code).toBe(0)
    expect(golden(stdout, s)).toMatchInlineSnapshot(`
      "rqts VERSION   REDIS   Redis VERSION N   TIME

      QUEUE    WAITING OLDEST  RUN  SCHED  FAILED  WORKERS  /MIN  P95  DONE  DEFER  CANCELED
      default        1 N    0      0       0    none!     –    –     0      0         0
      mail           2 N    0      1       0    none!     –    –     0      1         0
      2 queues · 3 waiting · 0 running · 0 failed

      No workers: start one with \`rqts worker\`.

      ! jobs wait and no worker serves default, mail: rqts worker default mail
      "
    `)
  })

  it('-r, -Q, -W and -R print what users of RQ know', async () => {
    const s = await seeded()
    expect((await s.run('info', '--raw')).stdout).toMatchInlineSnapshot(`
      "queue default 1, 0 executing, 0 finished, 0 failed
      queue mail 2, 0 executing, 0 finished, 0 failed
      "
    `)
    expect(golden((await s.run('info', '-Q')).stdout, s)).not.toContain('workers')
    expect(golden((await s.run('info', '-W')).stdout, s)).not.toContain('QUEUE ')
    expect(golden((await s.run('info', '-W', '-R')).stdout, s)).toMatchInlineSnapshot(`
      "rqts VERSION   REDIS   Redis VERSION N   TIME

      default: –
      mail:    –
      0 workers, 2 queues

      ! jobs wait and no worker serves default, mail: rqts worker default mail
      "
    `)
  })

  it('shows only the queues that are named, and says which ones Redis does not know', async () => {
    const s = await seeded()
    const { queues } = await s.json<{ queues: { name: string }[] }>('info', 'm*')
    expect(queues.map(({ name }) => name)).toEqual(['mail'])
    const { code, stderr } = await s.run('info', 'defualt')
    expect(code).toBe(0)
    expect(stderr).toBe("warning: no queue 'defualt' is known to this Redis; did you mean 'default'?\n")
  })

  it('--check exits 1 while jobs wait and nobody works', async () => {
    const s = await seeded()
    expect(await s.run('info', '--check', '-q')).toEqual({ code: 1, stdout: '', stderr: '' })
    await s.queue('mail').pause()
    await s.queue().pause()
    expect(await s.run('info', '--check')).toMatchObject({ code: 0 })
  })

  it('--check exits 1 while there are schedules that nobody fires, and info says so', async () => {
    const s = await scene()
    await schedule('nightly', 'add', [], { every: '1d' }, { connection: s.url, prefix: s.prefix })
    onTestFinished(() => Schedules.remove('nightly', { connection: s.url, prefix: s.prefix }).then(() => undefined))
    expect(await s.run('info', '--check')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('! nobody fires the 1 schedule: start a worker, or rqts scheduler'),
    })
    await s.start('scheduler').seen(/fires 1 schedule/)
    await until('somebody fires them', async () => (await s.run('info', '--check')).code === 0)
  })

  it('shows the slots of a queue, the memory of workers, and the schedules that come next', async () => {
    const s = await seeded()
    const where = { connection: s.url, prefix: s.prefix }
    for (const [name, every] of [
      ['nightly', '1d'],
      ['hourly', '1h'],
      ['weekly', '7d'],
      ['yearly', '365d'],
    ] as const) {
      await schedule(name, 'add', [1, 2], { every }, where)
      onTestFinished(() => Schedules.remove(name, where).then(() => undefined))
    }
    await Schedules.runNow('hourly', where)
    await s.start('worker', 'default', 'm*', '--name', 'w1', '-c', '3').seen(/"ready"/)
    await s.start('worker', 'default', '--name', 'w2', '-c', '5').seen(/"ready"/)
    let stdout = ''
    // Each on its way to Redis by itself: the ends of the jobs, that of the run of the schedule, and what the workers are at.
    await until('all is done, and known', async () => {
      stdout = (await s.run('info')).stdout
      return [
        /\ndefault +0 +– +0\/8 +0 /,
        /\nmail +0 +– +0\/3 +1 /,
        / MEM +BEAT[^\n]*\nw1 +idle +default,m\* +0\/3 +\d+ +0 +[\d.]+ MB /,
        /\nhourly .* finished /,
      ].every((expected) => expected.test(stdout))
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}:\n${stdout}`)
    })
    const shown = stdout.slice(stdout.indexOf('SCHEDULE')).replace(/in \d+[mhd]( \d+[smh])?/g, 'in N')
    expect(golden(shown, s).replace(/ +/g, ' ')).toMatchInlineSnapshot(`
      "SCHEDULE NEXT LAST WHEN TASK
      hourly in N finished N ago every hour add → default
      nightly in N – every day add → default
      weekly in N – every 7 days add → default
      and 1 more: rqts schedule ls
      "
    `)
    let schedules: { ticker: string | null } | undefined
    // A worker that stood still has lost the office, and takes it again.
    await until('somebody fires them', async () => {
      schedules = (await s.json<{ schedules: NonNullable<typeof schedules> }>('info')).schedules
      return schedules.ticker !== null
    })
    expect(schedules).toMatchObject({
      active: 4,
      ticker: expect.stringMatching(/^w[12]$/),
      lateMs: 0,
      next: [
        { name: 'hourly', lastRun: { outcome: 'finished' } },
        { name: 'nightly', lastRun: null, nextRunAt: expect.any(String) },
        { name: 'weekly' },
      ],
    })
    expect((await s.run('info', '-Q')).stdout).not.toContain('SCHEDULE')
  })

  it('shows how many attempts ended per minute, and how long they took', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    for (let i = 0; i < 4; i++) await s.queue().enqueue('boom', [])
    await s.run('worker', '--burst')
    const { queues } = await s.json<{ queues: object[] }>('info')
    expect(queues).toMatchObject([{ failedPerMinute: expect.any(Number), runP95Ms: expect.any(Number) }])
    expect((await s.run('info')).stdout).toMatch(/WORKERS +\/MIN +P95[^]*default +0 +– +0 +0 +4 +none +[\d.]+ +[\d.]+ m?s/)
  })

  // It writes its crowd to one server, and a Cluster answers for each slot by itself.
  it.skipIf(ON_CLUSTER)('with 1,000 queues and 500 workers costs less than a second more than with none', async () => {
    const s = await scene()
    const small = { ...s.env, RQTS_PREFIX: `${s.prefix}.small` }
    await crowd(s)
    const best = (env: Record<string, string>): number => Math.min(...Array.from({ length: 3 }, () => s.processorMs([MAIN, 'info'], env)))
    const { queues, workers } = await s.json<{ queues: { workers: number }[]; workers: object[] }>('info')
    expect([queues.length, workers.length, queues[999]!.workers]).toEqual([1_000, 500, 1])
    expect(best(s.env) - best(small)).toBeLessThan(1_000)
  })

  it('-w prints frame after frame until it is interrupted', async () => {
    const s = await seeded()
    const watching = s.start('info', 'default', '-w', '0.1')
    await watching.seen(/1 queue · 1 waiting[^]*1 queue · 1 waiting/)
    watching.signal('SIGINT')
    expect((await watching.exited).code).toBe(130)
  })

  it('changes nothing', async () => {
    const s = await seeded()
    const before = await s.queue('mail').counts()
    await s.run('info')
    expect(await s.queue('mail').counts()).toEqual(before)
  })
})

describe('rqts workers', () => {
  it('lists them, and tells a lost one apart', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    expect(await s.run('workers')).toEqual({ code: 0, stdout: 'No workers: start one with `rqts worker`.\n', stderr: '' })
    const worker = s.start('worker', '--name', 'w1', '--log-format', 'json')
    await worker.seen(/"ready"/)
    let list: Record<string, unknown>[] = []
    await until('Redis hears that it is ready', async () => (list = await s.json('workers'))[0]?.['state'] === 'idle')
    expect(list).toMatchObject([{ name: 'w1', state: 'idle', queues: ['default'] }])
    const { stdout } = await s.run('workers')
    expect(stdout).toMatch(
      /^WORKER +STATE +QUEUES +RUN +DONE +FAIL +MEM +BEAT +JOB\nw1 +idle +default +0\/10 +0 +0 +[\d.]+ MB +[\d.]+ m?s ago +–\n1 worker\n$/,
    )
  })

  it('rqts stop ends one after its jobs, or at once', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    expect(await s.run('stop', 'w1')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("There is no worker 'w1': see `rqts workers`"),
    })
    const worker = s.start('worker', '--name', 'w1', '--log-format', 'json', '-v')
    await worker.seen(/"ready"/)
    expect(await s.run('stop', 'w2')).toMatchObject({ code: 4, stderr: expect.stringContaining("did you mean 'w1'?") })
    const job = await s.queue().enqueue('hang', [])
    await worker.seen(/"started"/)
    expect(await s.run('stop', 'w1', '--force')).toMatchObject({ code: 0, stdout: expect.stringContaining('w1 stops at once') })
    expect((await worker.exited).code).toBe(0)
    expect((await job.refresh()).status).toBe('queued')
  })
})
