import type { Context } from '../context.ts'
import { CliError } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { safe } from '../output/text.ts'

export interface WorkersOptions {
  worker?: string[]
  for?: string
}

export const WORKER: Flag = new Flag('--worker <name>', "workers instead of queues; may be repeated, '*' for all", {
  repeat: true,
  variable: 'RQTS_ONLY_WORKER',
})

export function forHow(options: { for?: string }): string {
  return options.for === undefined ? '' : ` for ${safe(options.for)}`
}

/** Pauses or resumes workers, whatever their queues. */
export async function steerWorkers(
  context: Context,
  verb: 'pause' | 'resume',
  queues: readonly string[],
  options: WorkersOptions,
): Promise<void> {
  if (queues.length > 0) throw new CliError('RQTS_USAGE', 'Name queues or give --worker, not both')
  const { steerWorker } = await import('../../lib/client/steer.ts')
  const store = await context.store()
  const steered: { worker: string; paused: boolean }[] = []
  for (const name of options.worker ?? []) {
    const order = verb === 'resume' ? { do: verb } : { do: verb, ...(options.for !== undefined && { for: options.for }) }
    for (const worker of await steerWorker(store, name, order)) steered.push({ worker, paused: verb === 'pause' })
  }
  const lines = steered.map(({ worker, paused }) => `${safe(worker)} ${paused ? `is paused${forHow(options)}` : 'goes on'}`)
  context.result({ workers: steered }, context.quiet ? [] : lines)
}
