import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { hasPty, type Scene, scene, TASKS } from './cli.ts'

async function busy(): Promise<Scene> {
  const s = await scene({ 'tasks.mjs': TASKS })
  for (const name of ['default', 'mail', 'a-queue-with-quite-a-long-name-indeed']) {
    await s.queue(name).enqueueMany(Array.from({ length: name.length * 30 }, () => ['add', [1, 2]] as const))
  }
  await s.queue().enqueue('boom', [], { jobId: 'bad', atFront: true })
  await s.run('worker', '--burst', '--max-jobs', '1', '-c', '1')
  return s
}

describe.runIf(hasPty)('on a terminal', () => {
  it('info is coloured, has bars, and fits 80 columns', async () => {
    const s = await busy()
    await s.start('worker', 'reports', '--name', 'a-worker-with-quite-a-long-name-as-hosts-have').seen(/"ready"/)
    const { stdout } = await s.terminal('info').exited
    const lines = stripVTControlCharacters(stdout).split('\r\n')
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(80)
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/^QUEUE +WAITING +OLDEST +RUN +SCHED +FAILED/)]))
    expect(stdout).toMatch(/█+[▏▎▍▌▋▊▉]? *1,110/)
    expect(stdout).toContain('\u001b[')
    expect((await s.terminal('info', '--no-color').exited).stdout).not.toContain('\u001b[')
    s.env['NO_COLOR'] = '1'
    expect((await s.terminal('info').exited).stdout).not.toContain('\u001b[')
  })

  it('FORCE_COLOR colours a pipe too', async () => {
    const s = await busy()
    s.env['FORCE_COLOR'] = '1'
    expect((await s.run('info')).stdout).toContain('\u001b[')
    expect((await s.run('info', '--no-color')).stdout).not.toContain('\u001b[')
  })

  it('info -w redraws in place, and Ctrl-C leaves the terminal as it was', async () => {
    const s = await busy()
    const watching = s.terminal('info', '-w', '0.1')
    await watching.shows(/default.* 210/)
    await s.queue().enqueue('add', [1, 2])
    await watching.shows(/default.* 211/)
    watching.type('\u0003')
    const { code, stdout } = await watching.exited
    expect(code).toBe(130)
    // On the alternate screen, without a cursor; only lines that differ are drawn anew.
    expect(stdout.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true)
    expect(stdout.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
    expect(stdout).not.toContain('\u001b[2J')
    expect(stdout.match(/QUEUE/g)).toHaveLength(1)
  })

  it('--all asks, and does nothing without a yes', async () => {
    const s = await busy()
    const hesitant = s.terminal('requeue', '--all')
    await hesitant.seen(/requeue all failed jobs of 3 queues: 1 job\? \[y\/N\]/)
    hesitant.type('\n')
    expect(await hesitant.exited).toMatchObject({ code: 5, stdout: expect.stringContaining('Nothing was done') })
    const sure = s.terminal('requeue', '--all')
    await sure.seen(/\[y\/N\]/)
    sure.type('y\n')
    expect(await sure.exited).toMatchObject({ code: 0, stdout: expect.stringContaining('1 job requeued') })
    const gone = s.terminal('cancel', '--all')
    await gone.seen(/\[y\/N\]/)
    gone.type('\u0003')
    expect((await gone.exited).code).toBe(130)
  })

  it('a bar shows how far the search and the work of filters have come, and goes away', async () => {
    const s = await scene()
    await s.queue().enqueueMany(Array.from({ length: 1_000 }, () => ['add', [1, 2]] as const))
    const { code, stdout } = await s.terminal('cancel', '--all', '--task', 'add', '--yes').exited
    expect(code).toBe(0)
    // Drawn at the first step of each; how often after that is up to the clock.
    expect(stdout).toMatch(/\rsearch waiting [█░]{24} [\d,]+\/1,000/)
    expect(stdout).toContain('\rcancel ████████████░░░░░░░░░░░░ 500/1,000\u001b[K')
    expect(stdout.endsWith('\r\u001b[K1,000 jobs canceled\r\n')).toBe(true)
    expect((await s.queue().counts()).canceled).toBe(1_000)
    expect(await s.run('delete', '--all', '--task', 'add', '--yes')).toEqual({ code: 0, stdout: '1,000 jobs deleted\n', stderr: '' })
  })

  it('a worker has a banner, and Ctrl-C stops it', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const worker = s.terminal('worker', '--name', 'w1')
    await worker.seen(/ready/)
    await s.queue().enqueue('add', [1, 2])
    await worker.seen(/✓ add/)
    worker.type('\u0003')
    const { code, stdout } = await worker.exited
    expect(code).toBe(0)
    expect(stripVTControlCharacters(stdout)).toMatch(
      /worker w1\r\n {2}redis[^]*stopping: 0 running \(Ctrl-C again puts them back at once\)[^]*done: 1 job, 1 succeeded, 0 failed/,
    )
  })

  it('control characters in a result do not reach it', async () => {
    const s = await scene({ 'tasks.mjs': "export function evil() { return '\\u001b[2Jwiped\\u0007' }" })
    await s.start('worker').seen(/"ready"/)
    const { stdout } = await s.terminal('enqueue', 'evil', '--wait', '-q', 'default').exited
    expect(stdout).toMatch(/\r\nwiped\r\n$/)
    expect((await s.run('enqueue', 'evil', '--wait')).stdout).toBe('\u001b[2Jwiped\u0007\n')
  })
})
