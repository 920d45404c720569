import { afterEach } from 'vitest'
import { closeSharedConnections, type FlowOptions, type JobContext, task, type Worker, type WorkerOptions } from '../../lib/index.ts'
import { type Stage, stage, until } from '../support/stage.ts'

export const add = task('add', (a: number, b: number) => a + b)
export const double = task('double', async (n: number) => n * 2)
export const sum = task('sum', (list: readonly number[]) => list.reduce((a, b) => a + b, 0))
export const echo = task('echo', <T>(value: T) => value)
export const broken = task('broken', (why: string): number => {
  throw new Error(why)
})
export const list = task('list', (...values: unknown[]) => values)
export const where = task('where', function (this: JobContext) {
  return this.workflow!
})

export const TASKS = [add, double, sum, echo, broken, list, where]

afterEach(closeSharedConnections)

export interface FlowStage extends Stage {
  /** Where the workflows of this test go. */
  readonly to: FlowOptions
  /** A worker that runs until the test is over. */
  start(queues?: string | string[], options?: WorkerOptions): Worker
}

export async function flowStage(): Promise<FlowStage> {
  const own = await stage()
  return {
    ...own,
    to: { connection: own.url, prefix: own.prefix },
    start(queues = 'default', options = {}) {
      const worker = own.worker(queues, { tasks: TASKS, ...options })
      void worker.run()
      return worker
    },
  }
}

export { until }
