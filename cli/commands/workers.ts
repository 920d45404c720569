import { type CommandSpec, command } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { plural, safe } from '../output/text.ts'

export const workers: CommandSpec = command({
  name: 'workers',
  group: 'See',
  summary: 'who works, on what',
  flags: [],
  examples: [
    ['rqts workers', 'a line for each'],
    ['rqts workers --json', 'for programs: a list'],
  ],
  async run(context) {
    const { overview } = await import('../../lib/client/inspector.ts')
    const seen = await overview(await context.store())
    if (context.json) return context.printJson(seen.workers)
    const { workerLines } = await import('../output/overview.ts')
    context.print(...workerLines(seen, process.stdout.isTTY ? process.stdout.columns : undefined))
  },
})

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
    const { listWorkers, orderShutdown, suggest } = await import('../../lib/client/inspector.ts')
    const store = await context.store()
    const known = await listWorkers(store)
    const worker = known.find((one) => one.name === name)
    if (worker === undefined) {
      throw new CliError(
        'RQTS_NOT_FOUND',
        `There is no worker '${name}'${
          suggest(
            name,
            known.map((one) => one.name),
          ) || ': see `rqts workers`'
        }`,
      )
    }
    const force = options.force === true
    const heard = worker.state !== 'lost' && (await orderShutdown(store, name, force))
    if (!heard) {
      throw new CliError(
        'RQTS_REFUSED',
        `Worker '${name}' does not listen: it was lost, or has no connection to Redis now. Its jobs go to others when their leases end.`,
      )
    }
    context.result(
      { worker: name, stopping: true, force, jobs: worker.jobs },
      context.quiet ? [] : [`${safe(name)} stops${force ? ' at once' : ''}; it runs ${plural(worker.jobs.length, 'job')}`],
    )
  },
})
