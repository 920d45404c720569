import { Queue } from '../client/queue.ts'
import { silentLogger } from '../logger.ts'
import { Worker } from '../rqts.ts'
import type { WorkerOptions } from '../worker/options.ts'
import type { WorkerTotals } from '../worker/reporter.ts'

/** Runs the jobs of the queues, and those that they lead to, until none is left; jobs that are due later stay. */
export async function drain(queues: string | readonly string[], options: Omit<WorkerOptions, 'burst'> = {}): Promise<WorkerTotals> {
  return await new Worker(queues, { logger: silentLogger, ...options, burst: true }).run()
}

/** A queue whose jobs run at once, in this process and without Redis; arguments and results still pass through the codec. */
export function inlineQueue(name = 'default'): Queue {
  return new Queue(name, { inline: true })
}
