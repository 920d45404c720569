import { describe, expect, it } from 'vitest'
import { chain, chord, signature } from '../../lib/index.ts'
import { golden, type Scene, scene, TASKS } from './cli.ts'

async function worked(): Promise<Scene> {
  const s = await scene({ 'tasks.mjs': TASKS })
  const queue = s.queue()
  await queue.enqueue('add', [1, 2], { jobId: 'sum', meta: { by: 'me' }, tags: ['t1'] })
  await queue.enqueue('boom', ['evil \u001b[31mred\u0007'], { jobId: 'bad', retry: 1 })
  await queue.enqueue('talk', [], { jobId: 'talk' })
  await s.run('worker', '--burst', '--name', 'w1')
  await queue.enqueue('add', [3, 4], { jobId: 'next' })
  await queue.enqueue('add', [5, 6], { jobId: 'later', delay: '1h' })
  await s.queue('mail').enqueue('send', ['ann'], { jobId: 'child', dependsOn: { jobs: { id: 'later', queue: 'default' } } })
  return s
}

describe('rqts job', () => {
  it('--json has the documented shape', async () => {
    const s = await worked()
    const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string
    expect(await s.json('job', 'sum')).toEqual({
      id: 'sum',
      queue: 'default',
      task: 'add',
      status: 'finished',
      args: [1, 2],
      result: 3,
      error: null,
      reason: null,
      attempt: 1,
      createdAt: date,
      enqueuedAt: date,
      startedAt: date,
      endedAt: date,
      runAt: null,
      timeout: 180_000,
      ttl: null,
      resultTtl: 500_000,
      failureTtl: 31_536_000_000,
      retry: null,
      description: 'add(1, 2)',
      meta: { by: 'me' },
      progress: null,
      tags: ['t1'],
      priority: 0,
      concurrencyKey: null,
      repeat: null,
      worker: 'w1',
      dependencies: [],
      dependents: [],
      attempts: [{ attempt: 1, worker: 'w1', startedAt: date, endedAt: date, outcome: 'finished' }],
    })
    const bad = await s.json('job', 'bad')
    expect(bad).toMatchObject({
      status: 'failed',
      attempt: 2,
      error: { name: 'TypeError', message: 'evil \u001b[31mred\u0007', stack: expect.stringContaining('tasks.mjs:3') },
      attempts: [
        { attempt: 1, outcome: 'retry', error: { name: 'TypeError' } },
        { attempt: 2, outcome: 'failed' },
      ],
    })
    expect(await s.json('job', 'later')).toMatchObject({ status: 'scheduled', runAt: date, enqueuedAt: null, dependents: ['mail/child'] })
    expect(await s.json('job', 'child')).toMatchObject({ status: 'deferred', dependencies: ['default/later'], result: null })
  })

  it('--tree draws a workflow with its states, before and after it ran', async () => {
    const s = await scene({
      'tasks.mjs': 'export const one = () => 1\nexport const total = (all) => all.length\nexport const last = (n) => n',
    })
    const id = (task: string, jobId: string) => signature(task).set({ jobId })
    await chain(chord([id('one', 'a'), id('one', 'b').set({ queue: 'mail' })], id('total', 'sum')), id('last', 'end')).enqueue({
      connection: s.url,
      prefix: s.prefix,
    })
    const { stdout } = await s.run('job', 'sum', '--tree')
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines).toEqual(
      expect.arrayContaining([
        'one  a  queued',
        expect.stringMatching(/^one {2}mail\/b {2}(queued|deferred)$/),
        '└─ total  sum  deferred  after 2 jobs ←',
      ]),
    )
    await s.run('worker', 'default', 'mail', '--burst')
    const ran = await s.json('job', 'end', '--tree')
    expect(ran).toMatchObject({
      truncated: false,
      edges: expect.arrayContaining([
        { from: 'mail/b', to: 'default/sum' },
        { from: 'default/sum', to: 'default/end' },
      ]),
    })
    expect((ran as { nodes: { status: string }[] }).nodes.map(({ status }) => status)).toEqual([
      'finished',
      'finished',
      'finished',
      'finished',
    ])
  })

  it('tells people everything, and lets no control character through', async () => {
    const s = await worked()
    const { code, stdout } = await s.run('job', 'bad', '-q', 'default')
    expect(code).toBe(0)
    expect(golden(stdout, s).replace(/tasks\.mjs:\d+:\d+/g, 'tasks.mjs:LINE')).toMatchInlineSnapshot(`
      "boom  bad
        queue       default
        status      failed
        args        [ 'evil \\x1B[31mred\\x07' ]
        attempt     2 of 2
        worker      w1
        created     DATE
        enqueued    DATE
        started     DATE  waited N
        ended       DATE  ran N
        limits      timeout 3m · result kept 8m 20s · failure kept 365d
        attempts
          1  retry N  w1  TypeError: evil red
          2  failed N  w1  TypeError: evil red
        error
          TypeError: evil red
              at RunningContext.boom (file://DIR/tasks.mjs:LINE)
      "
    `)
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
  })

  it('--logs adds what the handler logged', async () => {
    const s = await worked()
    expect(await s.json('job', 'talk', '--logs')).toMatchObject({
      result: 'said',
      progress: { step: 1 },
      logs: ['first \u001b[31mline', 'second line'],
    })
    const { stdout } = await s.run('job', 'talk', '--logs')
    expect(stdout).toContain('  logs (2)\n    first line\n    second line\n')
  })

  it('--follow tells what happens until the end, and exits 1 unless that is good', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('talk', [], { jobId: 'talk' })
    await s.queue().enqueue('boom', [], { jobId: 'bad' })
    const talk = s.start('job', 'talk', '--follow', '--logs')
    const bad = s.start('job', 'bad', '--follow', '--json')
    await talk.seen(/queued/)
    await bad.seen(/queued/)
    await s.run('worker', '--burst')
    const { code, stdout } = await talk.exited
    expect(code).toBe(0)
    expect(stdout).toMatch(/ queued\n.* started\n.* progress {"step":1}\n.* first line\n.* second line\n.* finished\ntalk {2}talk\n/)
    const failed = await bad.exited
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stdout)).toMatchObject({ id: 'bad', status: 'failed' })
  })

  it('says when there is no such job: exit 4', async () => {
    const s = await worked()
    expect(await s.run('job', 'nope')).toEqual({
      code: 4,
      stdout: '',
      stderr:
        "error: There is no job 'nope' in any queue: it was never enqueued, was deleted, or is past the time for which it was kept [RQTS_NOT_FOUND]\n",
    })
    expect((await s.run('job', 'sum', '-q', 'mail')).stderr).toContain("in queue 'mail'")
  })
})

describe('rqts jobs', () => {
  it('lists running, waiting, ended jobs, queue by queue', async () => {
    const s = await worked()
    const { code, stdout } = await s.run('jobs')
    expect(code).toBe(0)
    expect(golden(stdout, s)).toMatchInlineSnapshot(`
      "ID     STATUS     QUEUE AGE  JOB
      next   queued     default N  add(3, 4)
      later  scheduled  default N  add(5, 6)
      bad    failed     default N  boom('evil \\x1B[31mred\\x07')  TypeError: evil red
      talk   finished   default N  talk()
      sum    finished   default N  add(1, 2)
      child  deferred   mail N  send('ann')
      6 shown, searched 6 of 6
      "
    `)
  })

  it('filters by queue, status and task', async () => {
    const s = await worked()
    const ids = async (...args: string[]): Promise<string[]> =>
      (await s.json<{ jobs: { id: string }[] }>('jobs', ...args)).jobs.map(({ id }) => id)
    expect(await ids('-s', 'failed')).toEqual(['bad'])
    expect(await ids('-s', 'scheduled')).toEqual(['later'])
    expect(await ids('-q', 'mail')).toEqual(['child'])
    expect(await ids('-q', 'm*', '-q', 'default', '-s', 'queued')).toEqual(['next'])
    expect(await ids('--task', 'add')).toEqual(['next', 'later', 'sum'])
    expect(await ids('--task', 't*')).toEqual(['talk'])
    expect(await ids('-s', 'stopped')).toEqual([])
    expect(await ids('--error', 'TYPEERROR: evil')).toEqual(['bad'])
    expect(await ids('--error', 'nothing')).toEqual([])
    await s.queue().enqueue('add', [0, 0], { jobId: 'tagged', tags: ['vip'] })
    expect(await ids('--tag', 'vip')).toEqual(['tagged'])
    expect(await ids('--since', '1h', '--task', 'add')).toEqual(['next', 'tagged', 'later', 'sum'])
    expect(await ids('--until', '1h')).toEqual([])
    expect(await ids('--since', '2001-01-01', '--until', '2001-02-01T00:00Z')).toEqual([])
    expect((await s.run('jobs', '--tag', 'vip')).stdout).toMatch(/tagged[^]*1 shown, searched \d+ of \d+/)
  })

  it('pages, and says how much it looked at', async () => {
    const s = await worked()
    expect(await s.json('jobs', '--limit', '2')).toMatchObject({
      jobs: [{ id: 'next' }, { id: 'later' }],
      total: 6,
      complete: true,
      nextOffset: 2,
    })
    expect(await s.json('jobs', '--limit', '2', '--offset', '4')).toMatchObject({
      jobs: [{ status: 'finished' }, { id: 'child' }],
      nextOffset: null,
    })
    expect(await s.json('jobs', '--task', 'add', '--limit', '1', '--offset', '2')).toMatchObject({
      jobs: [{ id: 'sum' }],
      searched: 6,
      nextOffset: null,
    })
    expect((await s.run('jobs', '--limit', '2')).stdout).toContain('2 shown, searched 3 of 6; more with --offset 2')
  })

  it('says so when nothing matches', async () => {
    expect((await (await scene()).run('jobs')).stdout).toBe('No jobs match.\n0 shown, searched 0 of 0\n')
  })
})
