import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { chain, chord, type Job, signature, tasks, type WorkflowHandle } from '../../lib/index.ts'
import { random } from '../support/random.ts'
import { flowStage, until } from './support.ts'

const program = fileURLToPath(new URL('fixtures/worker.mjs', import.meta.url))
const QUEUES = ['a', 'b', 'c']

interface Tasks {
  slow(n: number, ms: number): number
  total(list: readonly number[]): number
}

async function hire(url: string, prefix: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, url, prefix, QUEUES.join(',')], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  return child
}

it('chords end exactly once and with the right sum, whichever process is killed when', { timeout: 150_000 }, async () => {
  const { url, prefix, to, queue } = await flowStage()
  const { slow, total } = tasks<Tasks>()
  const dice = random('kill')
  const on = () => ({ queue: dice.pick(QUEUES) })
  const flows: WorkflowHandle<number>[] = []
  for (let n = 0; n < 30; n++) {
    const members = Array.from({ length: 6 }, (_, i) => signature(slow, i, dice.int(0, 150)).set(on()))
    const inner = chord(members, signature(total).set(on()))
    flows.push(await chain(inner, signature(slow, dice.int(0, 30)).set(on())).enqueue(to))
  }
  const crew = [await hire(url, prefix), await hire(url, prefix)]
  for (let kill = 0; kill < 5; kill++) {
    const running = async (): Promise<number> =>
      (await Promise.all(QUEUES.map(async (name) => (await queue(name).counts()).started))).reduce((a, b) => a + b)
    const over = async (): Promise<boolean> =>
      (await Promise.all(flows.map((flow) => flow.status()))).every((status) => status === 'finished')
    await until('something runs', async () => (await running()) > 0 || (await over()), 30_000)
    crew.splice(dice.int(0, 1), 1)[0]!.kill('SIGKILL')
    crew.push(await hire(url, prefix))
  }
  for (const flow of flows) expect(await flow.result({ timeout: '60s' })).toBe(15)
  const bodies = await Promise.all(flows.flatMap((flow): Job[] => flow.jobs.slice(-2)).map((job) => job.refresh()))
  // Each start is either the one that counted or a loss: none began twice on its own.
  expect(bodies.map((job) => job.attempt)).toEqual(bodies.map((job) => 1 + job.snapshot.lost))
  for (const child of crew) child.kill('SIGKILL')
})
