import type { Queue } from '../../lib/client/queue.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { plural, safe } from '../output/text.ts'
import { warnOfUnknownQueues } from '../unknown-queues.ts'
import { forHow, steerWorkers, WORKER, type WorkersOptions } from './steer.ts'

interface QueuesOptions extends WorkersOptions {
  all?: boolean
  dryRun?: boolean
  yes?: boolean
}

const ALL = new Flag('--all', 'all queues')

export const empty: CommandSpec = command<QueuesOptions>({
  name: 'empty',
  group: 'Change',
  summary: 'delete the jobs that wait in queues',
  arguments: '[queues...]',
  description: 'Only those that are queued: scheduled, deferred, running and ended jobs stay.',
  flags: [ALL, new Flag('--dry-run', 'say how many that would be, and do nothing'), new Flag('-y, --yes', 'with --all: do not ask')],
  examples: [
    ['rqts empty mail', 'one queue'],
    ['rqts empty --all --yes', 'all of them, without a question'],
  ],
  async run(context, args, options) {
    const queues = await named(context, 'empty', args, options)
    const counts = await Promise.all(queues.map((queue) => queue.count()))
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (options.all && !options.dryRun && total > 0)
      await context.confirm(`Delete ${plural(total, 'waiting job')} of ${plural(queues.length, 'queue')}?`, options)
    const results: { name: string; removed: number }[] = []
    for (const [i, queue] of queues.entries()) {
      if (!options.dryRun) await queue.empty()
      results.push({ name: queue.name, removed: counts[i]! })
    }
    const what = options.dryRun ? 'would be removed' : 'removed'
    const lines = results.map(({ name, removed }) => `${plural(removed, 'job')} ${what} from ${safe(name)}`)
    context.result({ dryRun: options.dryRun === true, queues: results }, context.quiet ? [] : lines)
  },
})

export const pause: CommandSpec = command<QueuesOptions>({
  name: 'pause',
  group: 'Change',
  summary: 'let workers take no more jobs from queues',
  arguments: '[queues...]',
  description: 'Running jobs go on, and new ones can still be enqueued.',
  flags: [
    ALL,
    WORKER,
    new Flag('--for <duration>', 'so long, then they go on by themselves (default: until resumed)', { variable: 'RQTS_PAUSE_FOR' }),
  ],
  examples: [
    ['rqts pause mail', 'until `rqts resume mail`'],
    ['rqts pause --all --for 10m', 'all queues, for ten minutes'],
    ["rqts pause --worker '*' --for 10m", 'all workers, those that start meanwhile included'],
  ],
  run: (context, args, options) => toggle(context, 'pause', args, options),
})

export const resume: CommandSpec = command<QueuesOptions>({
  name: 'resume',
  group: 'Change',
  summary: 'let workers take jobs from paused queues again',
  arguments: '[queues...]',
  flags: [ALL, WORKER],
  examples: [
    ['rqts resume --all', 'all queues'],
    ['rqts resume --worker web.1', 'a worker that was paused'],
  ],
  run: (context, args, options) => toggle(context, 'resume', args, options),
})

async function toggle(context: Context, verb: 'pause' | 'resume', args: readonly string[], options: QueuesOptions): Promise<void> {
  if (options.worker !== undefined) return await steerWorkers(context, verb, args, options)
  const queues = await named(context, verb, args, options)
  const pauseFor = options.for === undefined ? {} : { for: options.for }
  const paused = verb === 'pause'
  for (const queue of queues) await (paused ? queue.pause(pauseFor) : queue.resume())
  const lines = queues.map(({ name }) => `${safe(name)} ${paused ? `is paused${forHow(options)}` : 'goes on'}`)
  context.result({ queues: queues.map(({ name }) => ({ name, paused })) }, context.quiet ? [] : lines)
}

async function named(context: Context, verb: string, args: readonly string[], options: QueuesOptions): Promise<Queue[]> {
  if (options.all === true && args.length > 0) throw new CliError('RQTS_USAGE', 'Name queues or give --all, not both')
  if (options.all !== true && args.length === 0)
    throw new CliError('RQTS_USAGE', `Say which queues: rqts ${verb} QUEUE…, or rqts ${verb} --all`)
  const known = await warnOfUnknownQueues(context, args)
  return await Promise.all([...new Set(options.all ? known : args)].map((name) => context.queue(name)))
}
