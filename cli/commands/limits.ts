import type { Queue } from '../../lib/client/queue.ts'
import type { LimitChanges, Limits, RateLimit, TaskLimits } from '../../lib/index.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { formatMs, safe } from '../output/text.ts'
import { warnOfUnknownQueues } from '../unknown-queues.ts'

interface LimitsOptions {
  concurrency?: string
  rate?: string
  task?: string[]
  perKey?: string
  key?: string[]
  clear?: boolean
}

export const limits: CommandSpec = command<LimitsOptions>({
  name: 'limits',
  group: 'Change',
  summary: 'show or change how many jobs of a queue run at a time, and how often they start',
  arguments: '[queue]',
  description:
    'Limits hold for all workers together, at once; what runs already goes on. N is a number, or none to end that limit. Without a queue: all queues that have limits.',
  flags: [
    new Flag('--concurrency <n>', 'most jobs that run at one time', { variable: 'RQTS_LIMIT_CONCURRENCY' }),
    new Flag('--rate <max/time>', 'most starts in any such time: 100/1m', { variable: 'RQTS_LIMIT_RATE' }),
    new Flag('--task <task=limit>', 'the same for a task: mail=5, mail=100/1m, mail=5,100/1m, mail=none', {
      repeat: true,
      variable: 'RQTS_LIMIT_TASK',
    }),
    new Flag('--per-key <n>', 'most jobs of one concurrency key at one time (default: 1)', { variable: 'RQTS_LIMIT_PER_KEY' }),
    new Flag('--key <key=n>', 'the same for one key: tenant-42=5', { repeat: true, variable: 'RQTS_LIMIT_KEY' }),
    new Flag('--clear', 'end all limits of the queue'),
  ],
  examples: [
    ['rqts limits', 'all queues that have limits'],
    ['rqts limits mail --concurrency 5 --rate 100/1m', 'five at a time, a hundred a minute'],
    ['rqts limits mail --key tenant-42=5 --task import=1', 'for one key and for one task'],
    ['rqts limits mail --rate none', 'end one limit'],
  ],
  async run(context, [name], options) {
    const changes = changesOf(options)
    if (name === undefined) {
      if (options.clear || Object.keys(changes).length > 0) throw new CliError('RQTS_USAGE', 'Name the queue whose limits are to change')
      return await showAll(context)
    }
    if (options.clear && Object.keys(changes).length > 0)
      throw new CliError('RQTS_USAGE', 'Give --clear alone, or the limits that are to change')
    const queue = await context.queue(name)
    await warnOfUnknownQueues(context, [name])
    if (options.clear) await queue.setLimits(null)
    else if (Object.keys(changes).length > 0) await queue.setLimits(changes)
    const now = await queue.limits()
    context.result({ name, ...now }, linesOf(now))
  },
})

async function showAll(context: Context): Promise<void> {
  const { overview } = await import('../../lib/client/inspector.ts')
  const limited = (await overview(await context.store())).queues.filter((queue) => queue.limited)
  const queues = await Promise.all(limited.map(({ name }) => context.queue(name)))
  const all = await Promise.all(queues.map(async (queue: Queue) => ({ name: queue.name, ...(await queue.limits()) })))
  const lines = all.flatMap((one) => [safe(one.name), ...linesOf(one).map((line) => `  ${line}`)])
  context.result(all, lines.length > 0 ? lines : ['No queue has limits'])
}

function changesOf({ concurrency, rate, task, perKey, key }: LimitsOptions): LimitChanges {
  return {
    ...(concurrency !== undefined && { concurrency: orNone(concurrency, count) }),
    ...(rate !== undefined && { rate: orNone(rate, rateOf) }),
    ...(task !== undefined && { tasks: named('--task', task, taskLimits) }),
    ...(perKey !== undefined && { perKey: orNone(perKey, count) }),
    ...(key !== undefined && { keys: named('--key', key, count) }),
  }
}

function named<T>(flag: string, entries: readonly string[], read: (text: string) => T): Record<string, T | null> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.lastIndexOf('=')
      if (at < 1) throw new CliError('RQTS_USAGE', `${flag} takes a name and a limit, as in ${flag} mail=5; got '${entry}'`)
      return [entry.slice(0, at), orNone(entry.slice(at + 1), read)]
    }),
  )
}

function orNone<T>(text: string, read: (text: string) => T): T | null {
  return text === 'none' ? null : read(text)
}

function count(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new CliError('RQTS_USAGE', `A whole number or none is expected, not '${text}'`)
}

function rateOf(text: string): RateLimit {
  const [max = '', per, more] = text.split('/')
  if (per === undefined || per === '' || more !== undefined) throw new CliError('RQTS_USAGE', `A rate is written as 100/1m, not '${text}'`)
  return { max: count(max), per }
}

function taskLimits(text: string): TaskLimits {
  const found: TaskLimits = {}
  for (const part of text.split(',')) {
    if (part.includes('/')) found.rate = rateOf(part)
    else found.concurrency = count(part)
  }
  return found
}

function linesOf({ concurrency, rate, tasks, perKey, keys }: Limits): string[] {
  const lines = [
    ...words({ concurrency, rate }).map((text) => `queue: ${text}`),
    ...Object.entries(tasks).map(([task, of]) => `task ${safe(task)}: ${words(of).join(', ')}`),
    ...Object.entries(keys).map(([key, most]) => `key ${safe(key)}: ${most} at a time`),
  ]
  const others = Object.keys(keys).length > 0 ? 'other' : 'concurrency'
  return [...(lines.length > 0 ? lines : ['no limits']), `each ${others} key: ${perKey} at a time`]
}

function words({ concurrency, rate }: { concurrency?: number | undefined; rate?: { max: number; per: number } | undefined }): string[] {
  return [
    ...(concurrency === undefined ? [] : [`${concurrency} at a time`]),
    ...(rate === undefined ? [] : [`${rate.max} in ${formatMs(rate.per)}`]),
  ]
}
