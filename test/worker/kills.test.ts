import { afterEach, expect, it } from 'vitest'
import { type Job, Worker } from '../../lib/index.ts'
import { random } from '../support/random.ts'
import { type Stage, stage, until } from '../support/stage.ts'
import { type WorkerCommand, workerCommand } from '../support/worker-command.ts'

const commands: WorkerCommand[] = []
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.kill('SIGKILL')
    await command.ended()
  }
})

const JOBS = 100
const KILLS = 4
/** Between kills so many jobs must end: one that is at the front again after each kill would be blamed for all of them. */
const APART = 18

// Nobody waits for a lease here: with one of ten minutes these tests would never end.
it.each([
  ['async', '1', '4'],
  ['processes', '1', '3'],
  ['processes', '2', '2'],
])(
  'killing workers and children at random under load loses nothing (%s, %s processes)',
  { timeout: 120_000 },
  async (pool, processes, slots) => {
    const s = await stage()
    const queue = s.queue()
    const draw = random(`kills ${pool} ${processes}`)
    const jobs = await queue.enqueueMany(Array.from({ length: JOBS }, () => ['nap', [60]] as const))
    const command = workerCommand(s, '-p', pool, '--processes', processes, '-c', slots, '--lease', '10m')
    commands.push(command)
    const finished = async (): Promise<number> => (await queue.counts()).finished
    for (let kill = 0; kill < KILLS; kill++) {
      await until(`${(kill + 1) * APART} have ended`, async () => (await finished()) >= (kill + 1) * APART, 60_000)
      await killOne(s, draw, kill === 0)
    }
    await until('all have ended', async () => (await finished()) === JOBS, 60_000)
    expect(await Promise.all(jobs.map((job: Job) => job.result()))).toEqual(jobs.map(({ id }) => id))
    const histories = (await Promise.all(jobs.map((job) => job.attempts()))).flat()
    expect(new Set(histories.map(({ outcome }) => outcome)).has('lost')).toBe(true)
    command.kill('SIGTERM')
    expect(await command.ended()).toBe(0)
  },
)

/**
 * Of all that run now: a worker, or a child of one. Whoever was killed before is on no list any more, or gone already. The first is a
 * worker: it has jobs whenever some wait, as a child may not.
 */
async function killOne({ url, prefix }: Stage, draw: ReturnType<typeof random>, workersOnly: boolean): Promise<void> {
  for (;;) {
    const live = (await Worker.all({ connection: url, prefix })).filter(({ state }) => state === 'busy' || state === 'idle')
    const reports = await Promise.all(live.map(({ name }) => Worker.ask(name, { connection: url, prefix })))
    const pids = reports.flatMap((report) => (report === null ? [] : [report.pid, ...(workersOnly ? [] : report.pids)]))
    if (pids.length === 0) continue
    try {
      process.kill(draw.pick(pids), 'SIGKILL')
      return
    } catch {
      // It ended in between.
    }
  }
}
