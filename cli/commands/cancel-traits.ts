import type { Context } from '../context.ts'
import type { ChangeOptions, Outcome } from './change-jobs.ts'

/** Who names a tag or a workflow has said what is meant: nobody is asked. */
export async function cancelByTraits(context: Context, { tag, workflow, queue, dryRun = false }: ChangeOptions): Promise<Outcome> {
  const { cancelMatching } = await import('../../lib/client/cancel-jobs.ts')
  const filter = {
    ...(tag !== undefined && { tag }),
    ...(workflow !== undefined && { workflow }),
    ...(queue !== undefined && { queues: [queue] }),
  }
  const found = await cancelMatching(await context.store(), filter, { dryRun })
  return { ids: found.map(({ id }) => id), failed: [] }
}
