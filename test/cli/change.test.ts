import { describe, expect, it } from 'vitest'
import { type Scene, scene, TASKS } from './cli.ts'

/** Failed: bad1 bad2 (default), bad3 (mail). Waiting: w1 w2 (default). Scheduled: s1. */
async function seeded(): Promise<Scene> {
  const s = await scene({ 'tasks.mjs': TASKS })
  for (const [queue, id] of [
    ['default', 'bad1'],
    ['default', 'bad2'],
    ['mail', 'bad3'],
  ] as const)
    await s.queue(queue).enqueue('boom', [], { jobId: id })
  await s.run('worker', 'default', 'mail', '--burst')
  for (const id of ['w1', 'w2']) await s.queue().enqueue('add', [1, 2], { jobId: id })
  await s.queue().enqueue('add', [1, 2], { jobId: 's1', delay: '1h' })
  return s
}

async function status(s: Scene, id: string, queue = 'default'): Promise<string | undefined> {
  return (await s.queue(queue).fetchJob(id))?.status
}

describe('single jobs', () => {
  it.each([
    ['requeue', 'bad3', 'mail', 'bad3 requeued\n', 'queued'],
    ['cancel', 'w1', 'default', 'w1 canceled\n', 'canceled'],
    ['cancel', 's1', 'default', 's1 canceled\n', 'canceled'],
    ['promote', 's1', 'default', 's1 promoted\n', 'queued'],
    ['delete', 'bad1', 'default', 'bad1 deleted\n', undefined],
  ])('rqts %s %s', async (command, id, queue, stdout, after) => {
    const s = await seeded()
    expect(await s.run(command, id, '--dry-run')).toMatchObject({ code: 0, stdout: expect.stringContaining('would be') })
    expect(await status(s, id, queue)).not.toBe(after)
    expect(await s.run(command, id)).toEqual({ code: 0, stdout, stderr: '' })
    expect(await status(s, id, queue)).toBe(after)
  })

  it.each([
    ['requeue', 'w1', 5, 'only jobs that have ended can be requeued'],
    ['cancel', 'bad1', 5, 'only jobs that wait or run can be canceled'],
    ['promote', 'w1', 5, 'only scheduled jobs can be promoted'],
    ['delete', 'nope', 4, "There is no job 'nope' in any queue"],
    ['requeue', 'b d', 2, 'A job id must be'],
  ])('rqts %s %s: exit %i', async (command, id, code, message) => {
    const s = await seeded()
    expect(await s.run(command, id)).toEqual({ code, stdout: '', stderr: expect.stringContaining(message) })
  })

  it('several at once: those that fail stop nothing, and the exit code is 1', async () => {
    const s = await seeded()
    const { code, stdout, stderr } = await s.run('requeue', 'bad1', 'nope', 'w1', 'bad3', '--at-front')
    expect(code).toBe(1)
    expect(stdout).toBe('bad1 requeued\nbad3 requeued\n')
    expect(stderr).toMatch(/^✗ nope: There is no job.*\n✗ w1: Cannot requeue.*\n$/)
    expect(await s.queue().jobIds()).toEqual(['bad1', 'w1', 'w2'])
    expect(await s.json('delete', 'bad2', 'nope')).toEqual({
      action: 'delete',
      dryRun: false,
      count: 1,
      ids: ['bad2'],
      failed: [{ id: 'nope', code: 'RQTS_NOT_FOUND', error: expect.stringContaining('nope') }],
    })
  })
})

describe('--all', () => {
  it('asks first, and is refused where nobody can answer', async () => {
    const s = await seeded()
    const { code, stderr } = await s.run('requeue', '--all')
    expect(code).toBe(5)
    expect(stderr).toContain(
      'requeue all failed jobs of 2 queues: 3 jobs? Nobody can be asked here: say --yes, or look first with --dry-run',
    )
    expect(await status(s, 'bad1')).toBe('failed')
  })

  it.each([
    ['requeue', '3 jobs requeued\n', { default: 4, mail: 1 }],
    ['cancel', '3 jobs canceled\n', { default: 0, mail: 0 }],
    ['promote', '1 job promoted\n', { default: 3, mail: 0 }],
    ['delete', '3 jobs deleted\n', { default: 2, mail: 0 }],
  ])('rqts %s --all --yes', async (command, stdout, waiting) => {
    const s = await seeded()
    expect((await s.run(command, '--all', '--dry-run')).stdout).toBe(
      stdout.replace(' job ', ' job would be ').replace(' jobs ', ' jobs would be '),
    )
    expect(await s.run(command, '--all', '--yes')).toEqual({ code: 0, stdout, stderr: '' })
    expect({ default: await s.queue().count(), mail: await s.queue('mail').count() }).toEqual(waiting)
    expect(await s.run(command, '--all')).toMatchObject({ code: 0, stdout: `0 jobs ${stdout.split(' ').at(-1)}` })
  })

  it('-q keeps to one queue', async () => {
    const s = await seeded()
    expect(await s.json('requeue', '--all', '--yes', '-q', 'mail')).toMatchObject({ count: 1, ids: ['bad3'], failed: [] })
    expect(await status(s, 'bad1')).toBe('failed')
  })

  it('filters choose by task, error, tag and time, and the question says how many', async () => {
    const s = await seeded()
    expect(await s.run('requeue', '--all', '--error', 'typeerror', '--since', '1h', '--task', 'bo*')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('requeue 3 jobs that match, of all failed jobs? Nobody can be asked here'),
    })
    expect(await s.json('requeue', '--all', '--error', 'no such', '--yes')).toMatchObject({ count: 0, ids: [] })
    expect(await s.json('requeue', '--all', '--until', '1h', '--yes')).toMatchObject({ count: 0, ids: [] })
    expect(await s.json('requeue', '--all', '--error', 'broke', '-q', 'mail', '--dry-run')).toMatchObject({ dryRun: true, ids: ['bad3'] })
    expect(await status(s, 'bad3', 'mail')).toBe('failed')
    expect(await s.json('requeue', '--all', '--error', 'broke', '-q', 'mail', '--yes')).toMatchObject({
      count: 1,
      ids: ['bad3'],
      failed: [],
    })
    expect(await status(s, 'bad1')).toBe('failed')
    await s.queue().enqueue('add', [1, 2], { tags: ['old'], jobId: 'tagged' })
    await s.run('cancel', 'tagged')
    expect(await s.json('delete', '--all', '--tag', 'old', '--yes')).toMatchObject({ ids: ['tagged'] })
    expect(await status(s, 'bad1')).toBe('failed')
  })

  it('those that are refused say why, and the others go where they were sent', async () => {
    const s = await seeded()
    const queue = s.queue('mail')
    await queue.enqueue('boom', [], { jobId: 'first', unique: { key: 'k' } })
    await s.run('worker', 'mail', '--burst')
    await queue.enqueue('add', [1, 2], { jobId: 'second', unique: { key: 'k' } })
    for (const filters of [['--task', 'boom'], []]) {
      const { code, stdout, stderr } = await s.run('requeue', '--all', '-q', 'mail', '--at-front', '--yes', ...filters)
      expect(stderr).toMatch(/^✗ first: Job first was not requeued: its unique key .* is now held by job second/)
      expect([code, stdout]).toEqual(filters.length > 0 ? [1, '1 job requeued\n'] : [5, '0 jobs requeued\n'])
      expect(await queue.jobIds()).toEqual(['bad3', 'second'])
    }
  })

  it.each([
    [['requeue', '--error', 'x'], 'Say which jobs: rqts requeue ID'],
    [['requeue', 'id', '--error', 'x'], 'Filters choose among all failed jobs: rqts requeue --all with them'],
    [['cancel', '--tag', 'x', '--error', 'x'], 'one of the three'],
    [
      ['delete', '--all', '--since', 'soon'],
      "--since takes a time that has passed (1h, 2d) or a date such as 2027-01-31T09:00Z; got 'soon'",
    ],
  ])('%j is a mistake in usage', async (words, message) => {
    const { code, stderr } = await (await scene()).run(...words)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
  })

  it('takes more than one page', async () => {
    const s = await scene()
    await s.queue().enqueueMany(Array.from({ length: 1_201 }, () => ['add', [1, 2]] as const))
    expect(await s.run('cancel', '--all', '--yes')).toMatchObject({ code: 0, stdout: '1,201 jobs canceled\n' })
    expect(await s.queue().counts()).toMatchObject({ queued: 0, canceled: 1_201 })
  })
})

describe('queues', () => {
  it('rqts empty deletes what waits in the list, and only that', async () => {
    const s = await seeded()
    expect(await s.run('empty', 'default', '--dry-run')).toMatchObject({ stdout: '2 jobs would be removed from default\n' })
    expect(await s.run('empty', 'default', 'mail')).toEqual({
      code: 0,
      stdout: '2 jobs removed from default\n0 jobs removed from mail\n',
      stderr: '',
    })
    expect(await s.queue().counts()).toMatchObject({ queued: 0, scheduled: 1, failed: 2 })
  })

  it('rqts empty --all asks first', async () => {
    const s = await seeded()
    expect(await s.run('empty', '--all')).toMatchObject({ code: 5, stderr: expect.stringContaining('Delete 2 waiting jobs of 2 queues?') })
    expect(await s.json('empty', '--all', '--yes')).toEqual({
      dryRun: false,
      queues: [
        { name: 'default', removed: 2 },
        { name: 'mail', removed: 0 },
      ],
    })
    expect(await s.run('empty', '--all')).toMatchObject({ code: 0 })
  })

  it('rqts pause and resume', async () => {
    const s = await seeded()
    expect(await s.run('pause', 'default')).toEqual({ code: 0, stdout: 'default is paused\n', stderr: '' })
    expect(await s.queue().isPaused()).toBe(true)
    expect((await s.run('info', '-Q')).stdout).toMatch(/default .* paused /)
    expect(await s.json('resume', '--all')).toEqual({
      queues: [
        { name: 'default', paused: false },
        { name: 'mail', paused: false },
      ],
    })
    expect(await s.queue().isPaused()).toBe(false)
  })

  it('rqts limits shows and changes limits', async () => {
    const s = await seeded()
    expect(await s.run('limits')).toEqual({ code: 0, stdout: 'No queue has limits\n', stderr: '' })
    const set = ['--concurrency', '5', '--rate', '100/1m', '--task', 'a=2,10/1s', '--task', 'b=1', '--key', 'tenant=42=3', '--per-key', '2']
    expect(await s.run('limits', 'mail', ...set)).toEqual({
      code: 0,
      stdout:
        'queue: 5 at a time\nqueue: 100 in 1m\ntask a: 2 at a time, 10 in 1.0 s\ntask b: 1 at a time\nkey tenant=42: 3 at a time\neach other key: 2 at a time\n',
      stderr: '',
    })
    await s.run('limits', 'mail', '--rate', 'none', '--task', 'b=none')
    const limits = { concurrency: 5, tasks: { a: { concurrency: 2, rate: { max: 10, per: 1_000 } } }, perKey: 2, keys: { 'tenant=42': 3 } }
    expect(await s.json('limits')).toEqual([{ name: 'mail', ...limits }])
    expect(await s.queue('mail').limits()).toEqual(limits)
    expect((await s.json<{ queues: object[] }>('info')).queues).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'mail', limited: true })]),
    )
    expect(await s.json('limits', 'mail', '--clear')).toEqual({ name: 'mail', tasks: {}, perKey: 1, keys: {} })
    expect((await s.run('limits', 'mail')).stdout).toBe('no limits\neach concurrency key: 1 at a time\n')
    for (const [flags, message] of [
      [['mail', '--rate', '100'], 'A rate is written as 100/1m'],
      [['mail', '--task', 'a'], '--task takes a name and a limit'],
      [['mail', '--concurrency', 'many'], 'A whole number or none'],
      [['--concurrency', '5'], 'Name the queue'],
      [['mail', '--clear', '--concurrency', '5'], 'Give --clear alone'],
    ] as const)
      expect(await s.run('limits', ...flags)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
    expect(await s.run('limits', 'mail', '--concurrency', '0')).toMatchObject({ code: 2, stderr: expect.stringContaining('pause it') })
  })

  it('a name that nobody has used yet is pointed out', async () => {
    const s = await seeded()
    const warning = "warning: no queue 'defualt' is known to this Redis; did you mean 'default'?\n"
    expect((await s.run('limits', 'defualt')).stderr).toBe(warning)
    expect((await s.run('limits', 'default')).stderr).toBe('')
    expect((await s.run('pause', 'defualt')).stderr).toBe(warning)
  })
})
