import type { WorkerDetail } from '../../lib/client/inspector.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError } from '../exit-codes.ts'
import { Flag, whole } from '../flags.ts'
import { formatBytes, formatMs, plural, safe } from '../output/text.ts'

export const workers: CommandSpec = command({
  name: 'workers',
  group: 'See',
  summary: 'who works, on what',
  arguments: '[worker]',
  flags: [],
  examples: [
    ['rqts workers', 'a line for each'],
    ['rqts workers web-1.4711', 'ask one: what it runs, its tasks, its memory'],
    ['rqts workers --json', 'for programs: a list'],
  ],
  async run(context, [name]) {
    if (name !== undefined) return await showOne(context, name)
    const { overview } = await import('../../lib/client/inspector.ts')
    const seen = await overview(await context.store())
    if (context.json) return context.printJson(seen.workers)
    const { workerLines } = await import('../output/overview.ts')
    context.print(...workerLines(seen, process.stdout.isTTY ? process.stdout.columns : undefined))
  },
})

async function showOne(context: Context, name: string): Promise<void> {
  const { askWorker } = await import('../../lib/client/inspector.ts')
  const detail = await askWorker(await context.store(), name)
  if (detail === null) throw await noSuchWorker(context, name)
  context.result(detail, detailLines(detail))
}

function detailLines(worker: WorkerDetail): string[] {
  const row = (label: string, text: string): string => `  ${label.padEnd(12)}${safe(text)}`
  const { state, answered, heartbeatAgeMs } = worker
  const said = answered ? '' : ` (it did not answer; this is what it said ${formatMs(heartbeatAgeMs)} ago)`
  return [
    safe(worker.name),
    row('state', state + said),
    row('host', `${worker.host}, pid ${worker.pid}${worker.pids.length === 0 ? '' : `, children ${worker.pids.join(' ')}`}`),
    row('since', worker.startedAt ?? '–'),
    row('queues', worker.queues.join(', ')),
    row('pool', `${worker.pool}, concurrency ${worker.concurrency}`),
    row('memory', formatBytes(worker.memory)),
    row('versions', `rqts ${worker.version}, Node ${worker.node}`),
    row('tasks', worker.tasks.join(', ') || '–'),
    row('done', `${worker.succeeded} succeeded, ${worker.failed} failed`),
    row('runs', worker.jobs.join(' ') || 'nothing'),
  ]
}

async function noSuchWorker(context: Context, name: string): Promise<CliError> {
  const { listWorkers, suggest } = await import('../../lib/client/inspector.ts')
  const known = (await listWorkers(await context.store())).map((worker) => worker.name)
  return new CliError('RQTS_NOT_FOUND', `There is no worker '${name}'${suggest(name, known) || ': see `rqts workers`'}`)
}

export const concurrency: CommandSpec = command({
  name: 'concurrency',
  group: 'Change',
  summary: 'how many jobs a worker runs at the same time, from now on',
  arguments: '<worker> <n>',
  description: 'Fewer means: as soon as running jobs end. It holds until the worker ends; the next one starts with what it was given.',
  flags: [],
  examples: [['rqts concurrency web-1.4711 20', 'twenty at a time']],
  async run(context, [name = '', count = '']) {
    const { steerWorker } = await import('../../lib/client/steer.ts')
    const value = checkCount(count)
    const store = await context.store()
    const { listWorkers } = await import('../../lib/client/inspector.ts')
    if (!(await listWorkers(store)).some((worker) => worker.name === name)) throw await noSuchWorker(context, name)
    await steerWorker(store, name, { do: 'concurrency', value })
    context.result({ worker: name, concurrency: value }, context.quiet ? [] : [`${safe(name)} runs ${plural(value, 'job')} at a time`])
  },
})

function checkCount(text: string): number {
  try {
    return whole(1, 1_000)(text)
  } catch (error) {
    throw new CliError('RQTS_USAGE', `The concurrency '${text}' is invalid: ${(error as Error).message}`)
  }
}

export const stop: CommandSpec = command<{ force?: boolean }>({
  name: 'stop',
  group: 'Change',
  summary: 'stop a worker: its running jobs finish, it takes no more',
  arguments: '<worker>',
  flags: [new Flag('--force', 'put its running jobs back at once')],
  examples: [
    ['rqts stop web-1.4711', 'when its jobs are done, or its shutdown timeout is over'],
    ['rqts stop web-1.4711 --force', 'now; the jobs run again elsewhere, no attempt is charged'],
  ],
  async run(context, [name = ''], options) {
    const { listWorkers, orderShutdown } = await import('../../lib/client/inspector.ts')
    const store = await context.store()
    const worker = (await listWorkers(store)).find((one) => one.name === name)
    if (worker === undefined) throw await noSuchWorker(context, name)
    if (worker.state === 'lost') {
      throw new CliError('RQTS_REFUSED', `Worker '${name}' was lost: nobody has heard of it for a while. Its jobs go to others.`)
    }
    const force = options.force === true
    if (!(await orderShutdown(store, name, force)))
      context.warn(`${safe(name)} does not listen at the moment; the order is kept for a minute, and it stops when it hears of it`)
    context.result(
      { worker: name, stopping: true, force, jobs: worker.jobs },
      context.quiet ? [] : [`${safe(name)} stops${force ? ' at once' : ''}; it runs ${plural(worker.jobs.length, 'job')}`],
    )
  },
})
