import type { Place } from '../../lib/client/inspector.ts'
import type { Context } from '../context.ts'
import { Progress } from '../output/progress.ts'
import { plural } from '../output/text.ts'
import { attempt, type Change, type ChangeOptions, type Outcome } from './change-jobs.ts'
import { queryOf } from './job-filters.ts'

const AT_ONCE = 50
/** In one call: each call reads the list of waiting jobs from the first to the last of those that it takes out. */
const CANCELS_AT_ONCE = 500

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
  const atOnce = change.name === 'cancel' ? CANCELS_AT_ONCE : AT_ONCE
  for (let at = 0; at < places.length; at += atOnce) {
    const some = places.slice(at, at + atOnce)
    const left = change.name === 'cancel' ? await cancelTogether(context, some, outcome) : some
    await Promise.all(
      left.map(({ queue, id }) =>
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

/** Returns those that could not be canceled: asked for one by one, each says why. */
async function cancelTogether(context: Context, places: readonly Place[], outcome: Outcome): Promise<Place[]> {
  const { changeJobs } = await import('../../lib/client/change-jobs.ts')
  const { refused } = await changeJobs(await context.store(), 'cancel', places)
  const left = new Set(refused.map(({ place }) => place))
  outcome.ids.push(...places.filter((place) => !left.has(place)).map(({ id }) => id))
  return [...left]
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
