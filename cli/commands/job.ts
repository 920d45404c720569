import type { JobDetail, JobLocation } from '../../lib/client/inspector.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { paint } from '../output/color.ts'
import { safe } from '../output/text.ts'

interface JobOptions {
  queue?: string
  logs?: boolean
  follow?: boolean
  tree?: boolean
}

export const job: CommandSpec = command<JobOptions>({
  name: 'job',
  group: 'See',
  summary: 'everything about one job',
  arguments: '<id>',
  flags: [
    new Flag('-q, --queue <queue>', 'where it is, which saves a search in all queues'),
    new Flag('--logs', 'the lines that its handler logged'),
    new Flag('-f, --follow', 'what happens to it, until it ends; exit 1 unless it finishes'),
    new Flag('--tree', 'the jobs it waits for and those that wait for it, with their states, instead of the details'),
  ],
  examples: [
    ['rqts job 01K7QZ4M3', 'its state, arguments, times, error'],
    ['rqts job 01K7QZ4M3 --follow --logs', 'watch it run'],
    ['rqts job 01K7QZ4M3 --tree', 'its workflow as a tree'],
    ['rqts job 01K7QZ4M3 --json | jq .result', 'for programs'],
  ],
  async run(context, [id = ''], options) {
    const place = await find(context, id, options.queue)
    if (options.follow) {
      const { follow } = await import('./job-follow.ts')
      await follow(context, place, options.logs === true)
    }
    if (options.tree) return await tree(context, place)
    const detail = await read(context, place)
    const { jobLogs } = await import('../../lib/client/inspector.ts')
    const logs = options.logs === true ? await jobLogs(await context.store(), place) : undefined
    if (context.json) {
      context.printJson(logs === undefined ? detail : { ...detail, logs })
    } else {
      const { jobLines } = await import('../output/job.ts')
      context.print(...jobLines(detail))
      // What was followed has been seen already.
      if (logs !== undefined && options.follow !== true)
        context.print(`  ${paint('dim', `logs (${logs.length})`)}`, ...logs.map((line) => `    ${safe(line)}`))
    }
    if (detail.status === 'queued') await (await import('../unserved.ts')).warnIfUnserved(context, detail.queue)
    return options.follow && detail.status !== 'finished' ? EXIT.failed : EXIT.ok
  },
})

async function tree(context: Context, place: JobLocation): Promise<number> {
  const { jobGraph } = await import('../../lib/client/inspector.ts')
  const graph = await jobGraph(await context.store(), place)
  if (context.json) {
    const ref = ({ queue, id }: JobLocation): string => `${queue}/${id}`
    context.printJson({
      nodes: graph.nodes.map(({ place: { queue, id }, job }) => ({ queue, id, task: job?.task ?? null, status: job?.status ?? null })),
      edges: graph.edges.map(({ parent, child }) => ({ from: ref(parent), to: ref(child) })),
      truncated: graph.truncated,
    })
  } else {
    const { treeLines } = await import('../output/tree.ts')
    context.print(...treeLines(graph, place))
  }
  return EXIT.ok
}

async function find(context: Context, id: string, queue: string | undefined): Promise<JobLocation> {
  const { checkJobId, checkName } = await import('../../lib/names.ts')
  checkJobId(id)
  if (queue !== undefined) checkName('queue', queue)
  const { locate } = await import('../../lib/client/inspector.ts')
  const place = await locate(await context.store(), id, queue)
  if (place === null) throw noSuchJob(id, queue)
  return place
}

async function read(context: Context, place: JobLocation): Promise<JobDetail> {
  const { jobDetail } = await import('../../lib/client/inspector.ts')
  const detail = await jobDetail(await context.store(), place)
  if (detail === null) throw noSuchJob(place.id, place.queue)
  return detail
}

export function noSuchJob(id: string, queue: string | undefined): CliError {
  const where = queue === undefined ? 'in any queue' : `in queue '${queue}'`
  return new CliError(
    'RQTS_NOT_FOUND',
    `There is no job '${id}' ${where}: it was never enqueued, was deleted, or is past the time for which it was kept`,
  )
}
