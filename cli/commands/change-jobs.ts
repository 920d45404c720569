import type { Queue } from '../../lib/client/queue.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError, codeOf, EXIT, exitCodeOf } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { paint } from '../output/color.ts'
import { plural, safe } from '../output/text.ts'
import { cancelByTraits } from './cancel-traits.ts'
import { noSuchJob } from './job.ts'
import { type FilterOptions, filterFlags, hasFilter } from './job-filters.ts'

type Job = NonNullable<Awaited<ReturnType<Queue['fetchJob']>>>
export type Registry = Parameters<Queue['registry']>[0]

/** One kind of change, and which jobs `--all` means. */
export interface Change {
  name: 'requeue' | 'cancel' | 'delete' | 'promote'
  summary: string
  done: string
  /** `'queue'` is the list of those that wait. */
  all: readonly ('queue' | Registry)[]
  allText: string
  flags?: readonly Flag[]
  /** Finds its jobs by what they have in common, and changes them. */
  matching?: (context: Context, options: ChangeOptions) => Promise<Outcome>
  examples: CommandSpec['examples']
  apply(job: Job, options: ChangeOptions): Promise<unknown>
}

export interface ChangeOptions extends FilterOptions {
  queue?: string
  all?: boolean
  dryRun?: boolean
  yes?: boolean
  atFront?: boolean
  workflow?: string
}

export interface Outcome {
  ids: string[]
  failed: { id: string; code: string | null; error: string; exitCode: number }[]
}

const CHANGES: readonly Change[] = [
  {
    name: 'requeue',
    summary: 'run ended jobs again, with a fresh retry budget',
    done: 'requeued',
    all: ['failed'],
    allText: 'all failed jobs',
    flags: [new Flag('--at-front', 'before all that wait')],
    examples: [
      ['rqts requeue 01K7QZ4M3', 'one job, wherever it is'],
      ['rqts requeue --all -q mail', 'all failed jobs of a queue'],
      ['rqts requeue --all --error ECONNREFUSED --since 1h', 'what a network down for an hour has cost'],
    ],
    apply: (job, { atFront = false }) => job.requeue({ atFront }),
  },
  {
    name: 'cancel',
    summary: 'cancel waiting jobs, stop running ones',
    done: 'canceled',
    all: ['queue', 'scheduled', 'deferred'],
    allText: 'all jobs that wait',
    examples: [
      ['rqts cancel 01K7QZ4M3', 'its handler sees its signal abort, if it runs'],
      ['rqts cancel --all -q mail --dry-run', 'how many that would be'],
      ['rqts cancel --tag tenant-42', 'all that were enqueued with this tag'],
      ['rqts cancel --workflow 01K7QZ4M3', 'a whole workflow, by its id'],
    ],
    flags: [new Flag('--tag <tag>', 'all with this tag'), new Flag('--workflow <id>', 'all of this workflow')],
    apply: (job) => job.cancel(),
    matching: cancelByTraits,
  },
  {
    name: 'delete',
    summary: 'delete jobs with all that is kept of them',
    done: 'deleted',
    all: ['finished', 'failed', 'canceled'],
    allText: 'all jobs that have ended',
    examples: [
      ['rqts delete 01K7QZ4M3 01K7QZ4M4', 'two jobs'],
      ['rqts delete --all -q mail --yes', 'what has ended, without a question'],
    ],
    apply: (job) => job.delete(),
  },
  {
    name: 'promote',
    summary: 'run scheduled jobs now',
    done: 'promoted',
    all: ['scheduled'],
    allText: 'all scheduled jobs',
    examples: [['rqts promote 01K7QZ4M3', 'no more waiting for its time']],
    apply: (job) => job.promote(),
  },
]

export const changeCommands: readonly CommandSpec[] = CHANGES.map((change) =>
  command<ChangeOptions>({
    name: change.name,
    group: 'Change',
    summary: change.summary,
    arguments: '[ids...]',
    description: 'Jobs that cannot be changed do not stop the others; the exit code is 1 then.',
    flags: [
      new Flag('-q, --queue <queue>', 'in this queue only'),
      new Flag('--all', `${change.allText}; asks first`),
      ...(change.flags ?? []),
      ...filterFlags(change.matching === undefined ? [] : ['tag']),
      new Flag('--dry-run', 'say what would be done, and do nothing'),
      new Flag('-y, --yes', 'do not ask'),
    ],
    examples: change.examples,
    run: (context, ids, options) => run(change, context, ids, options),
  }),
)

async function run(change: Change, context: Context, ids: readonly string[], options: ChangeOptions): Promise<number> {
  const traits = change.matching !== undefined && (options.tag !== undefined || options.workflow !== undefined)
  if (traits && (options.all === true || ids.length > 0 || hasFilter(options, ['tag'])))
    throw new CliError('RQTS_USAGE', 'Give ids, --all with filters, or --tag and --workflow: one of the three')
  if (traits) return tell(change, context, await change.matching!(context, options), { ...options, all: true })
  if (options.all !== true && ids.length === 0)
    throw new CliError('RQTS_USAGE', `Say which jobs: rqts ${change.name} ID…, or rqts ${change.name} --all for ${change.allText}`)
  if (options.all !== true && hasFilter(options))
    throw new CliError('RQTS_USAGE', `Filters choose among ${change.allText}: rqts ${change.name} --all with them, or without them ids`)
  if (options.all === true && ids.length > 0) throw new CliError('RQTS_USAGE', 'Give ids or --all, not both')
  const outcome = await changeThose(change, context, ids, options)
  return tell(change, context, outcome, options)
}

async function changeThose(change: Change, context: Context, ids: readonly string[], options: ChangeOptions): Promise<Outcome> {
  if (options.all !== true) return await changeNamed(change, context, ids, options)
  const { changeAll, changeMatching } = await import('./change-many.ts')
  return await (hasFilter(options) ? changeMatching : changeAll)(change, context, options)
}

async function changeNamed(change: Change, context: Context, ids: readonly string[], options: ChangeOptions): Promise<Outcome> {
  const { locate } = await import('../../lib/client/inspector.ts')
  const { checkJobId, checkName } = await import('../../lib/names.ts')
  if (options.queue !== undefined) checkName('queue', options.queue)
  const store = await context.store()
  const outcome: Outcome = { ids: [], failed: [] }
  for (const id of new Set(ids)) {
    await attempt(outcome, id, async () => {
      const place = await locate(store, checkJobId(id), options.queue)
      const job = place === null ? null : await (await context.queue(place.queue)).fetchJob(id)
      if (job === null) throw noSuchJob(id, options.queue)
      if (!options.dryRun) await change.apply(job, options)
    })
  }
  return outcome
}

export async function attempt(outcome: Outcome, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
    outcome.ids.push(id)
  } catch (error) {
    const code = codeOf(error)
    // What concerns all of them is no failure of one.
    if (code === undefined || code === 'RQTS_REDIS_UNAVAILABLE' || code === 'RQTS_REDIS_ERROR') throw error
    outcome.failed.push({ id, code, error: (error as Error).message, exitCode: exitCodeOf(error) })
  }
}

const SHOWN_FAILURES = 10

function tell(change: Change, context: Context, { ids, failed }: Outcome, options: ChangeOptions): number {
  for (const { id, error } of failed.slice(0, SHOWN_FAILURES))
    process.stderr.write(`${paint('red', '✗', process.stderr)} ${safe(id)}: ${safe(error)}\n`)
  if (failed.length > SHOWN_FAILURES) process.stderr.write(`… and ${plural(failed.length - SHOWN_FAILURES, 'more failure')}\n`)
  if (context.json) {
    context.printJson({
      action: change.name,
      dryRun: options.dryRun === true,
      count: ids.length,
      ids,
      failed: failed.map(({ id, code, error }) => ({ id, code, error })),
    })
  } else if (!context.quiet) {
    const what = options.dryRun ? `would be ${change.done}` : change.done
    context.print(...(options.all ? [`${plural(ids.length, 'job')} ${what}`] : ids.map((id) => `${safe(id)} ${what}`)))
  }
  if (failed.length === 0) return EXIT.ok
  // A single job's own reason says more than "some failed".
  return ids.length === 0 && failed.length === 1 ? failed[0]!.exitCode : EXIT.failed
}
