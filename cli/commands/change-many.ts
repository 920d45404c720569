import type { Place } from '../../lib/client/inspector.ts'
import type { Queue } from '../../lib/client/queue.ts'
import type { Context } from '../context.ts'
import { Progress } from '../output/progress.ts'
import { plural } from '../output/text.ts'
import { attempt, type Change, type ChangeOptions, type Outcome, type Registry } from './change-jobs.ts'
import { queryOf } from './job-filters.ts'

/** In one call: a call that cancels reads the list of waiting jobs from the first to the last of those that it takes out. */
const AT_ONCE = 500

/** Which states `--all` with filters means. */
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
    await changeTogether(change, context, some, options, outcome)
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

interface Part {
  queue: Queue
  container: 'queue' | Registry
  count: number
}

/** `--all` alone: list by list, without a look at the jobs. */
export async function changeAll(change: Change, context: Context, options: ChangeOptions): Promise<Outcome> {
  const { listQueues } = await import('../../lib/client/inspector.ts')
  const names = options.queue === undefined ? await listQueues(await context.store()) : [options.queue]
  const parts = await Promise.all(
    names.flatMap((name) =>
      change.all.map(async (container) => {
        const queue = await context.queue(name)
        const count = container === 'queue' ? await queue.count() : await queue.registry(container).count()
        return { queue, container, count }
      }),
    ),
  )
  const total = parts.reduce((sum, { count }) => sum + count, 0)
  const outcome: Outcome = { ids: [], failed: [] }
  if (total === 0) return outcome
  const where = options.queue === undefined ? plural(names.length, 'queue') : `queue ${options.queue}`
  if (!options.dryRun) await context.confirm(`${change.name} ${change.allText} of ${where}: ${plural(total, 'job')}?`, options)
  const progress = new Progress(change.name, total, !context.json && !context.quiet)
  for (const part of parts) await changePart(change, context, part, options, outcome, progress)
  progress.end()
  return outcome
}

/** At most as many as were counted: a job that comes back while this runs must not be taken again and again. */
async function changePart(
  change: Change,
  context: Context,
  { queue, container, count }: Part,
  options: ChangeOptions,
  outcome: Outcome,
  progress: Progress,
): Promise<void> {
  let stay = 0
  for (let seen = 0; seen < count; ) {
    const want = Math.min(AT_ONCE, count - seen)
    const ids = container === 'queue' ? await queue.jobIds(stay, want) : await queue.registry(container).ids(stay, want)
    if (ids.length === 0) return
    seen += ids.length
    const failedBefore = outcome.failed.length
    const places = ids.map((id) => ({ queue: queue.name, id }))
    if (options.dryRun) outcome.ids.push(...ids)
    else await changeTogether(change, context, places, options, outcome)
    progress.add(ids.length)
    // Those that were not changed are still where they were, and would be read again.
    stay += options.dryRun ? ids.length : outcome.failed.length - failedBefore
  }
}

/** In few round trips; those that are refused are asked for one by one, and each says why. */
async function changeTogether(
  change: Change,
  context: Context,
  places: readonly Place[],
  options: ChangeOptions,
  outcome: Outcome,
): Promise<void> {
  const { changeJobs } = await import('../../lib/client/change-jobs.ts')
  const { refused } = await changeJobs(await context.store(), change.name, places, { atFront: options.atFront === true })
  const left = new Set(refused.map(({ place }) => place))
  outcome.ids.push(...places.filter((place) => !left.has(place)).map(({ id }) => id))
  await Promise.all(
    [...left].map(({ queue, id }) =>
      attempt(outcome, id, async () => {
        const job = await (await context.queue(queue)).fetchJob(id)
        if (job !== null) await change.apply(job, options)
      }),
    ),
  )
}
