import type { JobFilter } from '../../lib/client/inspector.ts'
import { type CommandSpec, command } from '../command.ts'
import { Flag, whole } from '../flags.ts'
import { type FilterOptions, filterFlags, hasFilter, queryOf } from './job-filters.ts'

const STATUSES = ['queued', 'started', 'finished', 'failed', 'deferred', 'scheduled', 'stopped', 'canceled', 'expired'] as const

interface JobsOptions extends FilterOptions {
  queue?: string[]
  status?: (typeof STATUSES)[number]
  limit: number
  offset: number
}

export const jobs: CommandSpec = command<JobsOptions>({
  name: 'jobs',
  group: 'See',
  summary: 'list jobs, or find some',
  description:
    'Running ones first, then those that wait in their order, then ended ones, newest first. Filters look at 10,000 jobs at most and say so.',
  flags: [
    new Flag('-q, --queue <queue>', 'only of this queue, or of those that match a pattern with *; may be repeated', { repeat: true }),
    new Flag('-s, --status <status>', 'only in this status', { choices: STATUSES }),
    ...filterFlags(),
    new Flag('--limit <n>', 'at most this many', { default: 20, parse: whole(1, 1_000) }),
    new Flag('--offset <n>', 'leave out the first ones', { default: 0, parse: whole(0, 1_000_000) }),
  ],
  examples: [
    ['rqts jobs -s failed', 'what went wrong lately'],
    ['rqts jobs -s failed --error ECONNREFUSED --since 1h', 'of one kind, lately'],
    ["rqts jobs -q mail --task 'send*' --limit 100", 'of one queue, by task'],
    ["rqts jobs -s failed --json | jq -r '.jobs[].id'", 'ids, for other commands'],
  ],
  async run(context, _args, options) {
    const { findJobs, listQueues, selectQueues } = await import('../../lib/client/inspector.ts')
    const store = await context.store()
    const filter: JobFilter = { offset: options.offset, limit: options.limit }
    if (options.queue !== undefined) filter.queues = selectQueues(await listQueues(store), options.queue)
    if (options.status !== undefined) filter.status = options.status
    if (hasFilter(options)) filter.query = await queryOf(options)
    const found = await findJobs(store, filter)
    const { jobTable } = await import('../output/job.ts')
    context.result(found, context.json ? [] : jobTable(found, process.stdout.isTTY ? process.stdout.columns : undefined))
  },
})
