import type { Schedules } from '../../lib/client/schedules.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError } from '../exit-codes.ts'
import { safe } from '../output/text.ts'

const ACTIONS = ['ls', 'show', 'run', 'pause', 'resume', 'skip', 'rm'] as const
type Action = (typeof ACTIONS)[number]

/** What is done to each named one; returns what programs get and what people read. */
type Change = (schedules: Schedules, name: string) => Promise<{ value: Record<string, unknown>; line: string }>

const CHANGES: Record<Exclude<Action, 'ls' | 'show'>, Change> = {
  run: async (schedules, name) => {
    const { id, queue } = await schedules.runNow(name)
    return { value: { id, queue }, line: `${safe(name)} runs once more, as job ${id} in ${safe(queue)}` }
  },
  pause: async (schedules, name) => {
    await schedules.pause(name)
    return { value: { paused: true }, line: `${safe(name)} is paused` }
  },
  resume: async (schedules, name) => {
    const { nextRunAt } = await schedules.resume(name)
    return { value: { paused: false, nextRunAt: nextRunAt ?? null }, line: `${safe(name)} goes on${then(nextRunAt)}` }
  },
  skip: async (schedules, name) => {
    const { nextRunAt, lastRun } = await schedules.skipNext(name)
    const skipped = lastRun?.at
    return {
      value: { skipped: skipped ?? null, nextRunAt: nextRunAt ?? null },
      line: `${safe(name)} leaves out the run at ${skipped?.toISOString() ?? '?'}${then(nextRunAt)}`,
    }
  },
  rm: async (schedules, name) => {
    if (!(await schedules.remove(name))) throw await noSuchSchedule(schedules, name)
    return { value: { removed: true }, line: `${safe(name)} is removed; jobs that it has enqueued go on` }
  },
}

export const schedule: CommandSpec = command({
  name: 'schedule',
  group: 'Change',
  summary: 'list, inspect and change schedules',
  arguments: '<action> [names...]',
  description:
    'ls      all of them, with next and last run\nshow    one, with its next and its last runs\nrun     once more, now; paused ones too\n' +
    'pause   no runs until resume\nresume  go on with the next run from now\nskip    leave out the next run\nrm      delete it',
  flags: [],
  examples: [
    ['rqts schedule ls', 'what runs when'],
    ['rqts schedule show nightly --json', 'all about one, for programs'],
    ['rqts schedule pause nightly report', 'two of them; a deploy does not resume them'],
  ],
  async run(context, [action = '', ...names]) {
    if (!ACTIONS.includes(action as Action))
      throw new CliError('RQTS_USAGE', `Unknown action '${action.slice(0, 40)}': say one of ${ACTIONS.join(', ')}`)
    const { Schedules } = await import('../../lib/client/schedules.ts')
    const schedules = new Schedules(await context.store())
    if (action === 'ls') return await list(context, schedules, names)
    if (names.length === 0) throw new CliError('RQTS_USAGE', `Say which schedule: rqts schedule ${action} NAME`)
    if (action === 'show') return await show(context, schedules, names)
    await change(context, schedules, action as keyof typeof CHANGES, names)
  },
})

async function list(context: Context, schedules: Schedules, names: readonly string[]): Promise<void> {
  if (names.length > 0) throw new CliError('RQTS_USAGE', 'rqts schedule ls lists all of them; for one, rqts schedule show NAME')
  const [found, health] = await Promise.all([schedules.list(), schedules.health()])
  const { scheduleJson, scheduleTable } = await import('../output/schedules.ts')
  if (health.active > 0 && health.ticker === null) context.warn('nobody fires them: start a worker, or `rqts scheduler`')
  context.result(
    found.map(scheduleJson),
    context.json ? [] : scheduleTable(found, process.stdout.isTTY ? process.stdout.columns : undefined),
  )
}

const UPCOMING = 5

async function show(context: Context, schedules: Schedules, names: readonly string[]): Promise<void> {
  if (names.length > 1) throw new CliError('RQTS_USAGE', 'rqts schedule show takes one name')
  const [name = ''] = names
  const found = await schedules.get(name)
  if (found === null) throw await noSuchSchedule(schedules, name)
  // What a function of another program computes is known to that program only.
  const upcoming = found.trigger.kind === 'custom' ? [found.nextRunAt ?? []].flat() : await schedules.next(name, UPCOMING)
  const { scheduleJson, scheduleLines } = await import('../output/schedules.ts')
  context.result({ ...scheduleJson(found), upcoming }, context.json ? [] : scheduleLines(found, upcoming))
}

async function change(context: Context, schedules: Schedules, action: keyof typeof CHANGES, names: readonly string[]): Promise<void> {
  const values: Record<string, unknown>[] = []
  for (const name of new Set(names)) {
    if ((await schedules.get(name)) === null) throw await noSuchSchedule(schedules, name)
    const { value, line } = await CHANGES[action](schedules, name)
    values.push({ name, ...value })
    if (!context.quiet) context.print(line)
  }
  if (context.json) context.printJson(values)
}

function then(next: Date | undefined): string {
  return next === undefined ? '; it has no run ahead' : `; next at ${next.toISOString()}`
}

async function noSuchSchedule(schedules: Schedules, name: string): Promise<CliError> {
  const { suggest } = await import('../../lib/client/inspector.ts')
  const known = (await schedules.list()).map((one) => one.name)
  return new CliError('RQTS_NOT_FOUND', `There is no schedule '${name.slice(0, 128)}'${suggest(name, known) || ': see `rqts schedule ls`'}`)
}
