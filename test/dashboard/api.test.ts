import { describe, expect, it } from 'vitest'
import { chain, schedule, task } from '../../lib/index.ts'
import { gate, until } from '../support/stage.ts'
import { board } from './support.ts'

const add = task('add', (a: number, b: number) => a + b)
const login = task('login', (user: { name: string; password: string }) => ({ user: user.name, token: 'tok-123' }))
const broken = task('broken', (what: string) => {
  throw new TypeError(`${what} is not a number`)
})
const double = task('double', (n: number) => 2 * n)

describe('the overview', () => {
  it('shows queues, workers, rates and that jobs wait without a worker', async () => {
    const b = await board()
    await b.queue('served').enqueue(add, [1, 2])
    await b.queue('served').enqueue(broken, ['x'])
    await b.worker('served', { tasks: [add, broken], burst: true }).run()
    await b.queue('lonely').enqueue(add, [1, 2])
    const seen = await b.get('GET /overview')
    const served = seen.queues.find(({ name }) => name === 'served')!
    expect(served).toMatchObject({ finished: 1, failed: 1, queued: 0, unserved: false, oldestMs: null })
    expect(served.finishedPerMinute).toBeGreaterThan(0)
    expect(served.sparkline.finished.reduce((sum, n) => sum + n, 0)).toBe(1)
    expect(served.sparkline.failed).toHaveLength(60)
    expect(seen.queues.find(({ name }) => name === 'lonely')).toMatchObject({ queued: 1, workers: 0, unserved: true })
    expect(seen.alerts[0]).toMatchObject({ kind: 'no-worker', level: 'bad', queue: 'lonely', count: 1 })
    expect(seen.totals).toMatchObject({ queued: 1, finished: 1, failed: 1, queues: 2 })
  })

  it('shows who works on what, with how long it has taken', async () => {
    const b = await board()
    const { promise, open: letGo } = gate()
    const held = task('held', () => promise)
    const job = await b.queue().enqueue(held, [])
    const running = b.worker('default', { tasks: [held], name: 'w1' }).run()
    await until('the worker shows the job', async () => (await b.get('GET /workers')).workers[0]?.jobs[0]?.task === 'held')
    const { workers } = await b.get('GET /workers')
    expect(workers[0]).toMatchObject({ name: 'w1', state: 'busy', concurrency: 10, jobs: [{ id: job.id, queue: 'default', task: 'held' }] })
    expect(workers[0]!.jobs[0]!.elapsedMs).toBeGreaterThanOrEqual(0)
    expect(workers[0]!.memory).toBeGreaterThan(1_000_000)
    expect((await b.get('GET /tasks')).tasks).toEqual([{ name: 'held', queues: ['default'], schema: null }])
    expect(await b.post('POST /worker/concurrency', { name: 'w1', value: 3 })).toEqual({ workers: ['w1'] })
    await until('it has three slots', async () => (await b.get('GET /workers')).workers[0]?.concurrency === 3)
    letGo()
    await b.post('POST /worker/stop', { name: 'w1' })
    await running
  })

  it('shows the limits of queues and of single tasks in them', async () => {
    const b = await board()
    await b.queue('free').enqueue(add, [1, 2])
    const limited = b.queue('limited')
    await limited.enqueue(add, [1, 2])
    await limited.setLimits({ concurrency: 5, tasks: { add: { rate: { max: 10, per: '1m' } } } })
    await b.queue('tasks').enqueue(add, [1, 2])
    await b.queue('tasks').setLimits({ tasks: { add: { concurrency: 2 } } })
    const { queues } = await b.get('GET /overview')
    const limits = Object.fromEntries(queues.map((queue) => [queue.name, queue.limits]))
    expect(limits).toEqual({
      free: null,
      limited: { concurrency: 5, rate: null, tasks: [{ task: 'add', concurrency: null, rate: { max: 10, perMs: 60_000 } }] },
      tasks: { concurrency: null, rate: null, tasks: [{ task: 'add', concurrency: 2, rate: null }] },
    })
  })

  it('has series for an hour, a day, a week and a month', async () => {
    const b = await board()
    await b.queue().enqueue(add, [1, 2])
    await b.worker('default', { tasks: [add], burst: true }).run()
    for (const [range, points] of [
      ['1h', 60],
      ['24h', 96],
      ['7d', 84],
      ['30d', 60],
    ] as const) {
      const stats = await b.get('GET /stats', { range })
      expect(stats.points).toHaveLength(points)
      expect(stats.points.reduce((sum, { finished }) => sum + finished, 0)).toBe(1)
      expect(stats.points.at(-1)!.partial).toBe(true)
      expect(stats.tasks).toMatchObject([{ task: 'add', finished: 1 }])
    }
    expect((await b.get('GET /stats', { queue: 'other' })).tasks).toEqual([])
  })
})

describe('jobs', () => {
  it('are found by state, task, queue, error, tag, id, worker, time and words, with exact counts', async () => {
    const b = await board()
    const [mail, def] = [b.queue('mail'), b.queue()]
    const tagged = await def.enqueue(add, [1, 2], { tags: ['blue'], description: 'the blue one' })
    await def.enqueue(broken, ['width'])
    const failed = await mail.enqueue(broken, ['height'])
    await b.worker(['default', 'mail'], { tasks: [add, broken], burst: true, name: 'w7' }).run()
    const waiting = await mail.enqueue(add, [3, 4])
    await mail.enqueue(add, [5, 6], { delay: '1h' })
    const ids = async (q: string) => (await b.get('GET /jobs', { q })).jobs.map(({ id }) => id)
    const count = async (q: string) => (await b.get('GET /jobs/count', { q })).total
    expect(await count('')).toBe(5)
    expect(await count('state:failed')).toBe(2)
    expect(await count('state:waiting')).toBe(2)
    expect(await ids('state:failed queue:mail')).toEqual([failed.id])
    expect(await ids('error:TypeError error:"height is not"')).toEqual([failed.id])
    expect(await ids('tag:blue')).toEqual([tagged.id])
    expect(await ids('"the blue"')).toEqual([tagged.id])
    expect(await ids(`id:${waiting.id}`)).toEqual([waiting.id])
    expect(await ids(waiting.id.toLowerCase())).toEqual([waiting.id])
    expect(await count('task:br*')).toBe(2)
    expect(await count('worker:w7')).toBe(3)
    expect(await count('since:1h queue:m*')).toBe(3)
    expect(await ids('queue:none*')).toEqual([])
    const { problems, understood } = await b.get('GET /jobs', { q: 'state:nonsense since:x task:add' })
    expect(problems).toHaveLength(2)
    expect(understood).toBe('task:add')
  })

  it('come in pages that miss none and cost what they show', async () => {
    const b = await board()
    const queue = b.queue()
    const jobs = await queue.enqueueMany(Array.from({ length: 130 }, (_, i) => [add, [i, i]] as const))
    for (const q of ['state:queued', 'state:queued task:add']) {
      const seen: string[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await b.get('GET /jobs', { q, limit: 50, ...(cursor !== undefined && { cursor }) })
        expect(page.total).toBe(130)
        expect(page.exact).toBe(true)
        seen.push(...page.jobs.map(({ id }) => id))
        if (page.next === null) break
        cursor = page.next
      }
      expect(seen).toEqual(jobs.map(({ id }) => id))
    }
    await expect(b.get('GET /jobs', { limit: 5_000 })).rejects.toMatchObject({ status: 400 })
    expect((await b.get('GET /jobs', { cursor: 'nonsense' })).jobs).toHaveLength(25)
  })

  it('show all there is of one: timeline, error with frames, command, actions', async () => {
    const b = await board()
    const ok = await b.queue().enqueue(add, [1, 2], { meta: { from: 'test' } })
    const bad = await b.queue().enqueue(broken, ["it's"], { retry: 1 })
    await b.worker('default', { tasks: [add, broken], burst: true, name: 'w1' }).run()
    const done = await b.get('GET /job', { id: ok.id })
    expect(done).toMatchObject({ state: 'finished', args: { value: [1, 2] }, result: { value: 3 }, meta: { value: { from: 'test' } } })
    expect(done.command).toBe('rqts enqueue add :1 :2')
    expect(done.actions).toEqual(['requeue', 'delete'])
    expect(done.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['enqueued', 'attempt', 'ended']))
    const failed = await b.get('GET /job', { id: bad.id, queue: 'default' })
    expect(failed.timeline.filter(({ kind }) => kind === 'attempt').map(({ outcome }) => outcome)).toEqual(['retry', 'failed'])
    expect(failed.errorDetail).toMatchObject({ name: 'TypeError', message: "it's is not a number" })
    expect(failed.errorDetail!.frames.find(({ own }) => own)!.place).toMatch(/^api\.test\.ts:\d+$/)
    expect(failed.command).toBe(`rqts enqueue broken 'it'\\''s'`)
    await expect(b.get('GET /job', { id: 'nobody' })).rejects.toMatchObject({ status: 404, code: 'RQTS_JOB_NOT_FOUND' })
  })

  it('can be requeued, canceled, promoted, deleted and copied with other arguments', async () => {
    const b = await board()
    const queue = b.queue()
    const failed = await queue.enqueue(broken, ['x'])
    await b.worker('default', { tasks: [broken], burst: true }).run()
    const at = (id: string) => ({ id, queue: 'default' })
    await b.post('POST /job/requeue', at(failed.id))
    expect((await queue.fetchJob(failed.id))!.status).toBe('queued')
    await expect(b.post('POST /job/requeue', at(failed.id))).rejects.toMatchObject({ status: 409, code: 'RQTS_BAD_STATE' })
    await b.post('POST /job/cancel', at(failed.id))
    expect((await queue.fetchJob(failed.id))!.status).toBe('canceled')
    const later = await queue.enqueue(add, [1, 2], { delay: '1h' })
    await b.post('POST /job/promote', at(later.id))
    expect((await queue.fetchJob(later.id))!.status).toBe('queued')
    const copy = await b.post('POST /job/copy', { ...at(later.id), args: [5, 6], targetQueue: 'other' })
    expect(await b.get('GET /job', copy)).toMatchObject({ queue: 'other', task: 'add', state: 'queued', args: { value: [5, 6] } })
    await b.post('POST /job/delete', at(later.id))
    await expect(b.post('POST /job/delete', at(later.id))).rejects.toMatchObject({ status: 404 })
    const made = await b.post('POST /enqueue', { queue: 'other', task: 'add', args: [7, 8] })
    expect((await b.queue('other').fetchJob(made.id))!.args).toEqual([7, 8])
  })

  it('hide secrets wherever they stand, cut what is large and give it whole as a file', async () => {
    const b = await board({ redact: { value: (value, { part }) => (part === 'result' ? { hidden: part } : value) } })
    const secret = await b.queue().enqueue(login, [{ name: 'ann', password: 'hunter2222' }])
    const large = await b.queue().enqueue(
      task('large', (text: string) => text.length),
      ['x'.repeat(40_000)],
    )
    await b.worker('default', { tasks: [login], burst: true, maxJobs: 1 }).run()
    const everything = await Promise.all([
      b.get('GET /job', { id: secret.id }),
      b.get('GET /jobs', {}),
      b.get('GET /job/download', { id: secret.id, part: 'args' }),
      b.get('GET /job/download', { id: secret.id, part: 'job' }),
      b.get('GET /job/graph', { id: secret.id }),
    ])
    expect(JSON.stringify(everything)).not.toMatch(/hunter2222|tok-123/)
    expect(everything[0]).toMatchObject({ args: { redacted: true, value: [{ name: 'ann', password: '•••' }] }, command: null })
    // Nor can they be guessed by searching for them.
    expect((await b.get('GET /jobs', { q: 'hunter2222' })).total).toBe(0)
    const cut = await b.get('GET /job', { id: large.id })
    expect(cut.args).toMatchObject({ truncated: true, bytes: 40_004 })
    expect(String(cut.args.value)).toHaveLength(16_384)
    const file = await b.ask(`/api/job/download?id=${large.id}&part=args`)
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="${large.id}-args.json"`)
    expect(await file.json()).toEqual(['x'.repeat(40_000)])
  })

  it('hang together in a graph', async () => {
    const b = await board()
    const flow = await chain(add.s(1, 2), double.s(), double.s()).enqueue({ connection: b.url, prefix: b.prefix })
    const ids = flow.jobs.map(({ id }) => id)
    const graph = await b.get('GET /job/graph', { id: ids[1]! })
    expect(graph.nodes.map(({ id }) => id).sort()).toEqual([...ids].sort())
    expect(graph.edges).toHaveLength(2)
    expect(graph.edges).toContainEqual({ from: `default/${ids[0]}`, to: `default/${ids[1]}` })
    const { workflows } = await b.get('GET /workflows')
    expect(workflows).toMatchObject([{ id: flow.id, jobs: 3, done: 0, status: 'queued' }])
    expect((await b.get('GET /jobs', { q: `workflow:${flow.id}` })).total).toBe(3)
    await b.worker('default', { tasks: [add, double], burst: true }).run()
    expect((await b.get('GET /workflows')).workflows).toMatchObject([{ status: 'finished', done: 3 }])
  })
})

describe('errors', () => {
  it('are grouped by task, class and place, and a group is requeued at once', async () => {
    const b = await board()
    for (const what of ['width', 'height', 'depth']) await b.queue().enqueue(broken, [what])
    await b.queue().enqueue(
      task('other', () => 1),
      [],
    )
    await b.worker('default', { tasks: [broken], burst: true }).run()
    const { groups, total, complete } = await b.get('GET /errors')
    expect({ total, complete }).toEqual({ total: 4, complete: true })
    const group = groups.find(({ task: name }) => name === 'broken')!
    expect(group).toMatchObject({ name: 'TypeError', count: 3, queues: ['default'] })
    expect(group.frame).toMatch(/^api\.test\.ts:\d+$/)
    const detail = await b.get('GET /errors/detail', { fingerprint: group.fingerprint })
    expect(detail.jobs).toHaveLength(3)
    expect(detail.error.frames.length).toBeGreaterThan(0)
    const bulk = await b.post('POST /bulk', { action: 'requeue', q: `state:failed fingerprint:${group.fingerprint}` })
    await until('it is done', async () => (await b.get('GET /bulk', { id: bulk.id })).state === 'done')
    expect(await b.get('GET /bulk', { id: bulk.id })).toMatchObject({ total: 3, done: 3, failed: 0 })
    expect(await b.queue().counts()).toMatchObject({ queued: 3, failed: 1 })
  })
})

describe('bulk actions', () => {
  it('name the unique key for which a job was left alone', async () => {
    const b = await board()
    const once = { unique: { key: 'once' } }
    const first = await b.queue().enqueue(add, [1, 1], once)
    await first.cancel()
    const holder = await b.queue().enqueue(add, [2, 2], once)
    const { id } = await b.post('POST /bulk', { action: 'requeue', jobs: [{ id: first.id, queue: 'default' }] })
    await until('it is done', async () => (await b.get('GET /bulk', { id })).state === 'done')
    const { problems } = await b.get('GET /bulk', { id })
    expect(problems).toMatchObject([{ id: first.id, text: `its unique key 'once' is held by job ${holder.id}` }])
  })

  it('change everything that a search finds, also when it moves while they run', async () => {
    const b = await board()
    const queue = b.queue()
    await queue.enqueueMany(Array.from({ length: 2_300 }, (_, i) => [add, [i, i]] as const))
    const cancel = await b.post('POST /bulk', { action: 'cancel', q: 'state:queued' })
    await until('all are canceled', async () => (await b.get('GET /bulk', { id: cancel.id })).state === 'done')
    expect(await queue.counts()).toMatchObject({ queued: 0, canceled: 2_300 })
    const requeue = await b.post('POST /bulk', { action: 'requeue', q: 'state:canceled task:add' })
    await until('all are back', async () => (await b.get('GET /bulk', { id: requeue.id })).state === 'done')
    expect(await queue.counts()).toMatchObject({ queued: 2_300, canceled: 0 })
    const [first] = await queue.jobIds(0, 1)
    const named = await b.post('POST /bulk', {
      action: 'delete',
      jobs: [
        { id: first!, queue: 'default' },
        { id: 'nobody', queue: 'default' },
      ],
    })
    await until('one is deleted', async () => (await b.get('GET /bulk', { id: named.id })).state === 'done')
    expect(await b.get('GET /bulk', { id: named.id })).toMatchObject({ total: 2, done: 1, failed: 1, problems: [{ id: 'nobody' }] })
  })

  it('tell why without what nobody is to see', async () => {
    const b = await board({ redact: { value: (value, { part }) => (part === 'error' ? 'hidden' : value) } })
    const { id } = await b.post('POST /bulk', { action: 'delete', jobs: [{ id: 'nobody', queue: 'default' }] })
    await until('it was tried', async () => (await b.get('GET /bulk', { id })).state === 'done')
    expect((await b.get('GET /bulk', { id })).problems).toEqual([
      { id: 'nobody', queue: 'default', text: 'hidden', what: 'gone', facts: {} },
    ])
  })

  it('refuse what is not clear', async () => {
    const b = await board()
    for (const body of [
      { action: 'delete' },
      { action: 'delete', q: '' },
      { action: 'delete', q: 'state:nonsense' },
      { action: 'burn', q: 'state:failed' },
    ]) {
      await expect(b.post('POST /bulk', body as never)).rejects.toMatchObject({ status: 400 })
    }
    const jobs = Array.from({ length: 1_001 }, (_, i) => ({ id: `j${i}`, queue: 'default' }))
    await expect(b.post('POST /bulk', { action: 'delete', jobs })).rejects.toMatchObject({ status: 400 })
    await expect(b.get('GET /bulk', { id: 'nobody' })).rejects.toMatchObject({ status: 404 })
  })
})

describe('queues, schedules and the server', () => {
  it('queues are paused, resumed, emptied and deleted', async () => {
    const b = await board()
    const queue = b.queue()
    await queue.enqueue(add, [1, 2])
    await b.post('POST /queue/pause', { queue: 'default' })
    expect(await queue.isPaused()).toBe(true)
    expect((await b.get('GET /overview')).alerts.map(({ kind }) => kind)).toContain('queue-paused')
    await b.post('POST /queue/resume', { queue: 'default' })
    expect(await queue.isPaused()).toBe(false)
    expect(await b.post('POST /queue/empty', { queue: 'default' })).toEqual({ deleted: 1 })
    await b.post('POST /queue/delete', { queue: 'default' })
    await expect(b.post('POST /queue/pause', { queue: 'no{braces}' })).rejects.toMatchObject({ status: 400, code: 'RQTS_BAD_NAME' })
  })

  it('schedules are told in words, run, paused, resumed, skipped, edited and removed', async () => {
    const b = await board()
    await schedule('nightly', add, [1, 2], { cron: '0 2 * * *', tz: 'Europe/Berlin' }, { connection: b.url, prefix: b.prefix })
    const { schedules } = await b.get('GET /schedules')
    expect(schedules).toMatchObject([{ name: 'nightly', task: 'add', trigger: 'cron', state: 'active' }])
    const before = await b.get('GET /schedule', { name: 'nightly' })
    expect(before.next).toHaveLength(5)
    expect(before.args.value).toEqual([1, 2])
    const run = await b.post('POST /schedule/run', { name: 'nightly' })
    expect(await b.get('GET /job', run)).toMatchObject({ task: 'add', state: 'queued' })
    expect((await b.post('POST /schedule/pause', { name: 'nightly' })).state).toBe('paused')
    expect((await b.post('POST /schedule/resume', { name: 'nightly' })).state).toBe('active')
    expect((await b.post('POST /schedule/skip', { name: 'nightly' })).nextRunAt).toBe(before.next[1])
    const edited = await b.post('POST /schedule/edit', { name: 'nightly', cron: '30 3 * * *', args: [3, 4], queue: 'late' })
    expect(edited).toMatchObject({ expression: '30 3 * * *', queue: 'late', tz: 'Europe/Berlin' })
    expect((await b.get('GET /schedule', { name: 'nightly' })).args.value).toEqual([3, 4])
    const again = await b.post('POST /schedule/run', { name: 'nightly' })
    expect(await b.get('GET /job', again)).toMatchObject({ queue: 'late', args: { value: [3, 4] } })
    await expect(b.post('POST /schedule/edit', { name: 'nightly', cron: 'nonsense' })).rejects.toMatchObject({ status: 400 })
    await b.post('POST /schedule/remove', { name: 'nightly' })
    await expect(b.get('GET /schedule', { name: 'nightly' })).rejects.toMatchObject({ status: 404 })
  })

  it('shows the server, what is slow and what the doctor finds', async () => {
    const b = await board()
    await b.queue().enqueue(add, [1, 2])
    const seen = await b.get('GET /redis')
    expect(seen.usedMemory).toBeGreaterThan(0)
    expect(seen.keys).toEqual([{ queue: 'default', jobs: 1, waiting: 1, retained: 0 }])
    expect(seen.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['eviction', 'schema']))
    await b.store.client.call('HSET', b.store.keys.queuePart('default', 'meta'), 'version', '99')
    await schedule('nightly', add, [1, 2], { cron: '0 2 * * *' }, { connection: b.url, prefix: b.prefix })
    const { findings } = await b.get('GET /redis')
    const levels = Object.fromEntries(findings.map(({ check, level }) => [check, level]))
    expect(levels).toMatchObject({ schema: 'bad', schedules: 'bad' })
    await b.store.client.call('HSET', b.store.keys.queuePart('default', 'meta'), 'version', '1')
    for (const { command } of seen.slowlog) expect(command).not.toMatch(/local base/)
  })

  it('describes itself with OpenAPI', async () => {
    const b = await board()
    const described = (await (await b.ask('/api/openapi.json')).json()) as { paths: Record<string, object> }
    expect(Object.keys(described.paths)).toContain('/job/requeue')
    for (const path of Object.keys(described.paths)) expect(path).toMatch(/^\/[a-z/]+$/)
  })

  it('leaves Redis as it was, however much is looked at', async () => {
    const b = await board()
    await b.queue().enqueue(add, [1, 2])
    await schedule('nightly', add, [1, 2], { cron: '0 2 * * *' }, { connection: b.url, prefix: b.prefix })
    const { digest } = await import('../support/keyspace.ts')
    const before = await digest(b.store)
    for (const route of [
      'overview',
      'stats',
      'jobs?q=task:add',
      'errors',
      'schedules',
      'schedule?name=nightly',
      'workflows',
      'workers',
      'redis',
    ]) {
      expect((await b.ask(`/api/${route}`)).status).toBe(200)
    }
    expect(await (await b.ask('/metrics')).text()).toContain('rqts_jobs{queue="default",state="queued"} 1')
    expect(await digest(b.store)).toBe(before)
  })
})
