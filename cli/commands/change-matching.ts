import type { Place } from '../../lib/client/inspector.ts'
import type { Context } from '../context.ts'
import { Progress } from '../output/progress.ts'
import { plural } from '../output/text.ts'
import { attempt, type Change, type ChangeOptions, type Outcome } from './change-jobs.ts'
import { queryOf } from './job-filters.ts'

const AT_ONCE = 50

/** Which states `--all` means. */
const STATES = { requeue: ['failed'], cancel: ['waiting'], delete: ['finished', 'failed', 'canceled'], promote: ['scheduled'] } as const

/** `--all` with filters: all of them are found first, so that the question can say how many there are. */
export async function changeMatching(change: Change, context: Context, options: ChangeOptions): Promise<Outcome> {
  const outcome: Outcome = { ids: [], failed: [] }
  const places = await find(change, context, options)
  if (places.length === 0) return outcome
  if (options.dryRun) return { ...outcome, ids: places.map(({ id }) => id) }
  await context.confirm(`${change.name} ${plural(places.length, 'job')} that match, of ${change.allText}?`, options)
  const progress = new Progress(change.name, places.length, !context.json && !context.quiet)
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const some = places.slice(at, at + AT_ONCE)
    await Promise.all(
      some.map(({ queue, id }) =>
        attempt(outcome, id, async () => {
          const job = await (await context.queue(queue)).fetchJob(id)
          if (job !== null) await change.apply(job, options)
        }),
      ),
    )
    progress.add(some.length)
  }
  progress.end()
  return outcome
}

async function find(change: Change, context: Context, options: ChangeOptions): Promise<Place[]> {
  const { allMatching } = await import('../../lib/client/search-jobs.ts')
  const store = await context.store()
  const query = { ...(await queryOf(options)), ...(options.queue !== undefined && { queue: options.queue }) }
  const places: Place[] = []
  for (const state of STATES[change.name]) {
    const progress = new Progress(`search ${state}`, 0, !context.json && !context.quiet)
    const searched = (count: number, total: number): void => progress.add(count, total)
    for await (const some of allMatching(store, { ...query, state }, { searched })) places.push(...some)
    progress.end()
  }
  return places
}
