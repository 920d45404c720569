import type { Overview, SchedulesHealth, Store } from '../../lib/client/inspector.ts'
import type { Schedule } from '../../lib/client/schedule-view.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { paint } from '../output/color.ts'
import { watch } from '../output/watch.ts'

interface InfoOptions {
  watch?: true | string
  onlyQueues?: boolean
  onlyWorkers?: boolean
  byQueue?: boolean
  raw?: boolean
  check?: boolean
}

interface Look {
  seen: Overview
  schedules: SchedulesHealth
  /** Schedules that come next. */
  next: Schedule[]
}

const DEFAULT_SECONDS = 2

export const info: CommandSpec = command<InfoOptions>({
  name: 'info',
  group: 'See',
  summary: 'queues and workers at a glance',
  arguments: '[queues...]',
  description: 'Without names: all queues. A name may hold * as a wildcard. Looking changes nothing.',
  flags: [
    new Flag('-w, --watch [seconds]', `refresh in place, every ${DEFAULT_SECONDS} seconds unless said otherwise`),
    new Flag('-Q, --only-queues', 'queues only'),
    new Flag('-W, --only-workers', 'workers only'),
    new Flag('-R, --by-queue', 'workers listed by queue'),
    new Flag('-r, --raw', 'plain lines for scripts'),
    new Flag('--check', 'exit 1 when jobs wait in a queue that no worker serves, or nobody fires the schedules'),
  ],
  examples: [
    ['rqts info', 'everything, once'],
    ["rqts info default 'mail.*' -w 5", 'some queues, every 5 seconds'],
    ['rqts info --check --quiet', 'a probe'],
    ['rqts info --json | jq .totals', 'for programs'],
  ],
  async run(context, args, options) {
    if (options.watch === undefined) await hurry()
    const store = await context.store()
    const read = (): Promise<Look> => look(store, args)
    if (options.watch !== undefined) {
      if (context.json)
        throw new CliError('RQTS_USAGE', '--json gives one value and --watch many: run `rqts info --json` as often as you like')
      await watch(interval(options.watch), async () => await lines(await read(), options))
    }
    const now = await read()
    await warnOfUnknown(context, now.seen, args)
    if (context.json) context.printJson(await asJson(now))
    else if (!(options.check && context.quiet)) context.print(...(await lines(now, options)))
    const { nobodyFires, problemsOf } = await import('../output/overview.ts')
    const healthy = problemsOf(now.seen).length === 0 && !nobodyFires(now.schedules)
    return options.check && !healthy ? EXIT.failed : EXIT.ok
  },
})

/**
 * Node compiles again, and better, what runs often. A command that is over in a moment pays for that and never has the good of it:
 * a third of its processor time, the most of it for reading over what the Redis driver exports.
 */
async function hurry(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--no-opt')
}

/** Two round trips: both readers go at the same time, and each takes two. */
async function look(store: Store, queues: readonly string[]): Promise<Look> {
  const { overview, schedulesHealth } = await import('../../lib/client/inspect-overview.ts')
  const withNext = async (): Promise<Omit<Look, 'seen'>> => {
    const schedules = await schedulesHealth(store)
    if (schedules.soonest.length === 0) return { schedules, next: [] }
    const { glanceAtSchedules } = await import('../../lib/client/schedule-view.ts')
    return { schedules, next: await glanceAtSchedules(store, schedules.soonest) }
  }
  const [seen, rest] = await Promise.all([overview(store, queues.length === 0 ? {} : { queues }), withNext()])
  return { seen, ...rest }
}

async function asJson({ seen, schedules, next }: Look): Promise<object> {
  const { scheduleJson } = await import('../output/schedules.ts')
  const { schedules: total, active, ticker, lateMs } = schedules
  return { ...seen, schedules: { schedules: total, active, ticker, lateMs, next: next.map(scheduleJson) } }
}

function interval(option: true | string): number {
  const seconds = option === true ? DEFAULT_SECONDS : Number(option)
  if (seconds >= 0.1 && seconds <= 86_400) return seconds * 1_000
  throw new CliError(
    'RQTS_USAGE',
    `--watch takes seconds from 0.1 to 86400, not '${String(option)}'; put it after the queues, or write --watch=${DEFAULT_SECONDS}`,
  )
}

async function lines({ seen, schedules, next }: Look, options: InfoOptions): Promise<string[]> {
  const { byQueueLines, headerLine, problemLines, queueLines, rawLines, workerLines } = await import('../output/overview.ts')
  const queues = options.onlyWorkers !== true
  const workers = options.onlyQueues !== true
  if (options.raw) return rawLines(seen, { queues, workers })
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined
  const parts = [headerLine(seen, columns)]
  if (queues) parts.push('', ...queueLines(seen, columns))
  if (workers) parts.push('', ...(options.byQueue ? byQueueLines(seen) : workerLines(seen, columns)))
  if (queues && workers && next.length > 0) {
    const { scheduleTable } = await import('../output/schedules.ts')
    const more = schedules.active - next.length
    parts.push('', ...scheduleTable(next, columns, 'SCHEDULE'), ...(more > 0 ? [`and ${more} more: rqts schedule ls`] : []))
  }
  const problems = problemLines(seen, columns, schedules)
  return problems.length === 0 ? parts : [...parts, '', ...problems.map((line) => paint('yellow', line))]
}

async function warnOfUnknown(context: Context, seen: Overview, asked: readonly string[]): Promise<void> {
  const empty = seen.queues.filter(
    (queue) => asked.includes(queue.name) && Object.values(queue).every((value) => typeof value !== 'number' || value === 0),
  )
  if (empty.length === 0) return
  const { warnOfUnknownQueues } = await import('../unknown-queues.ts')
  await warnOfUnknownQueues(
    context,
    empty.map(({ name }) => name),
  )
}
