import { describe, expect, it } from 'vitest'
import { golden, type Scene, scene, TASKS } from './cli.ts'

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

describe('rqts info', () => {
  it('--json has the documented shape', async () => {
    const s = await seeded()
    const worker = s.start('worker', 'default', '--name', 'w1', '--log-format', 'json')
    await worker.seen(/"finished"/)
    const seen = await s.json('info')
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
          workers: 1,
          oldestMs: null,
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
          workers: 0,
          oldestMs: expect.any(Number),
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
          heartbeatAgeMs: expect.any(Number),
        },
      ],
      totals: { queues: 2, workers: 1, queued: 2, started: 0, deferred: 1, scheduled: 1, finished: 1, failed: 0, canceled: 0 },
    })
  })

  it('is an aligned table in a pipe, without bars or colours', async () => {
    const s = await seeded()
    const { code, stdout } = await s.run('info')
    expect(code).toBe(0)
    expect(golden(stdout, s)).toMatchInlineSnapshot(`
      "rqts VERSION   REDIS   Redis VERSION N   TIME

      QUEUE    WAITING OLDEST  RUN  SCHED  FAILED  WORKERS  DONE  DEFER  CANCELED
      default        1 N    0      0       0    none!     0      0         0
      mail           2 N    0      1       0    none!     0      1         0
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
    const list = await s.json<Record<string, unknown>[]>('workers')
    expect(list).toMatchObject([{ name: 'w1', state: 'idle', queues: ['default'] }])
    const { stdout } = await s.run('workers')
    expect(stdout).toMatch(
      /^WORKER +STATE +QUEUES +RUN +DONE +FAIL +BEAT +JOB\nw1 +idle +default +0\/10 +0 +0 +[\d.]+ m?s ago +–\n1 worker\n$/,
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
