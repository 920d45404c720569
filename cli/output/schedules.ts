import type { Schedule, ScheduleDetail, ScheduleRun } from '../../lib/client/schedule-view.ts'
import { paint, type Style } from './color.ts'
import { localTime } from './job.ts'
import { type Column, table } from './table.ts'
import { formatMs, plural, safe } from './text.ts'

const OUTCOME_STYLES: Readonly<Record<string, Style>> = {
  finished: 'green',
  failed: 'red',
  started: 'cyan',
  overlap: 'yellow',
  missed: 'yellow',
  refused: 'yellow',
}
const STATE_STYLES: Readonly<Record<Schedule['state'], Style | undefined>> = { active: undefined, paused: 'yellow', ended: 'dim' }

/** One line each. */
export function scheduleTable(schedules: readonly Schedule[], columns: number | undefined, title = 'NAME'): string[] {
  if (schedules.length === 0) return ['No schedules yet: schedule(name, task, args, { cron: … }) makes one.']
  const now = Date.now()
  const list: Column<Schedule>[] = [
    { title, cell: ({ name }) => safe(name), ...(columns !== undefined && { max: 32 }) },
    {
      title: 'NEXT',
      cell: ({ nextRunAt, state }) => ({ text: nextRunAt === undefined ? state : ahead(nextRunAt, now), style: STATE_STYLES[state] }),
    },
    {
      title: 'LAST',
      cell: ({ lastRun }) => (lastRun === undefined ? '–' : { text: last(lastRun, now), style: OUTCOME_STYLES[lastRun.outcome] }),
    },
    { title: 'WHEN', cell: ({ words }) => safe(words), ...(columns !== undefined && { max: 48 }) },
    { title: 'TASK', cell: ({ task, queue }) => `${safe(task)} ${paint('dim', `→ ${safe(queue)}`)}` },
  ]
  return table(schedules, list, { width: columns })
}

function ahead(at: Date, now: number): string {
  const ms = at.getTime() - now
  return ms >= 0 ? `in ${formatMs(ms)}` : `${formatMs(-ms)} overdue`
}

function last({ outcome, at }: ScheduleRun, now: number): string {
  return `${outcome} ${formatMs(Math.max(0, now - at.getTime()))} ago`
}

/** The whole of one, for people. */
export function scheduleLines(schedule: ScheduleDetail, upcoming: readonly Date[]): string[] {
  const facts: [string, string | undefined][] = [
    ['task', `${safe(schedule.task)} → ${safe(schedule.queue)}`],
    ['args', schedule.args.length === 0 ? undefined : safe(JSON.stringify(schedule.args))],
    [
      'when',
      `${safe(schedule.words)}${schedule.words.startsWith(schedule.expression) ? '' : paint('dim', `  ${safe(schedule.expression)}`)}`,
    ],
    ['state', paint(STATE_STYLES[schedule.state], schedule.state)],
    ['runs', `${schedule.runs}${schedule.limit === undefined ? '' : ` of ${schedule.limit}`}`],
    ['rules', rules(schedule)],
    ['from', schedule.startAt && localTime(schedule.startAt.toISOString())],
    ['until', schedule.endAt && localTime(schedule.endAt.toISOString())],
    ['changed', localTime(schedule.updatedAt.toISOString())],
  ]
  const lines = [paint('bold', safe(schedule.name))]
  for (const [name, text] of facts) if (text !== undefined) lines.push(`  ${paint('dim', name.padEnd(8))}  ${text}`)
  for (const warning of schedule.warnings) lines.push(`  ${paint('yellow', 'warning')}   ${safe(warning)}`)
  if (upcoming.length > 0) lines.push(`  ${paint('dim', schedule.paused ? 'next, if it were resumed now' : 'next')}`)
  for (const at of upcoming) lines.push(`    ${localTime(at.toISOString())}`)
  if (schedule.history.length > 0) lines.push(`  ${paint('dim', `last ${plural(schedule.history.length, 'run')}`)}`)
  for (const run of schedule.history) lines.push(runLine(run))
  return lines
}

function rules({ overlap, misfire, jitter, graceTime }: Schedule): string {
  const parts = [`overlap ${overlap}`, `misfire ${misfire}`]
  if (jitter > 0) parts.push(`jitter ${formatMs(jitter)}`)
  if (graceTime !== undefined) parts.push(`grace ${formatMs(graceTime)}`)
  return parts.join(' · ')
}

function runLine({ at, firedAt, outcome, id }: ScheduleRun): string {
  const late = firedAt.getTime() - at.getTime()
  const note = late >= 1_000 ? paint('dim', `  ${formatMs(late)} late`) : ''
  return `    ${localTime(at.toISOString())}  ${paint(OUTCOME_STYLES[outcome], outcome.padEnd(9))}  ${safe(id)}${note}`
}

/** For programs: nothing is absent, dates are ISO. */
export function scheduleJson(schedule: Schedule | ScheduleDetail): Record<string, unknown> {
  const optional = ['nextRunAt', 'lastRunAt', 'lastRun', 'startAt', 'endAt', 'limit', 'graceTime'] as const
  return { ...Object.fromEntries(optional.map((name) => [name, null])), ...JSON.parse(JSON.stringify(schedule)) }
}
