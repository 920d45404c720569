import { inspect } from 'node:util'
import type { FoundJob, FoundJobs, JobDetail } from '../../lib/client/inspector.ts'
import { paint, type Style } from './color.ts'
import { shortStack } from './stack.ts'
import { type Column, table } from './table.ts'
import { cut, formatCount, formatMs, safe, safeLines } from './text.ts'

export const STATUS_STYLES: Record<FoundJob['status'], Style> = {
  queued: 'green',
  started: 'cyan',
  finished: 'dim',
  failed: 'red',
  deferred: 'yellow',
  scheduled: 'yellow',
  stopped: 'red',
  canceled: 'dim',
  expired: 'dim',
}

type ErrorView = NonNullable<JobDetail['error']>

/** The whole job, for people. */
export function jobLines(job: JobDetail): string[] {
  const facts: [string, string | undefined][] = [
    ['queue', safe(job.queue)],
    [
      'status',
      paint(STATUS_STYLES[job.status], job.status) + (job.reason === null || job.reason === 'error' ? '' : ` (${safe(job.reason)})`),
    ],
    // The call itself is told by its task and arguments.
    ['about', job.description.startsWith(`${job.task}(`) ? undefined : safe(job.description)],
    ['args', shown(job.args)],
    ['result', job.status === 'finished' ? shown(job.result) : undefined],
    ['progress', job.progress === null ? undefined : shown(job.progress)],
    ['meta', isEmpty(job.meta) ? undefined : shown(job.meta)],
    ['repeats', job.repeat === null ? undefined : `${job.repeat.done} of ${job.repeat.times}`],
    ['concurrency key', job.concurrencyKey === null ? undefined : safe(job.concurrencyKey)],
    ['priority', job.priority === 0 ? undefined : String(job.priority)],
    ['tags', job.tags.length === 0 ? undefined : safe(job.tags.join(', '))],
    ['attempt', attemptText(job)],
    ['worker', job.worker === null ? undefined : safe(job.worker)],
    ['created', moment(job.createdAt)],
    ['runs at', job.status === 'scheduled' ? moment(job.runAt) : undefined],
    ['enqueued', moment(job.enqueuedAt)],
    ['started', moment(job.startedAt, job.enqueuedAt, 'waited')],
    ['ended', moment(job.endedAt, job.startedAt, 'ran')],
    ['limits', limits(job)],
    ['depends on', job.dependencies.length === 0 ? undefined : safe(job.dependencies.join(', '))],
    ['dependents', job.dependents.length === 0 ? undefined : safe(job.dependents.join(', '))],
  ]
  const lines = [`${paint('bold', safe(job.task))}  ${safe(job.id)}`]
  for (const [name, text] of facts) if (text !== undefined) lines.push(`  ${paint('dim', name.padEnd(10))}  ${text}`)
  return [...lines, ...attemptLines(job), ...errorLines(job)]
}

function shown(value: unknown): string {
  if (value === null) return 'null'
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : inspect(value, { depth: 6, breakLength: 100, maxArrayLength: 50, maxStringLength: 2_000 })
  return safeLines(text).join(`\n${' '.repeat(14)}`)
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

function attemptText(job: JobDetail): string {
  const max = (job.retry as { max?: number } | null)?.max
  return max === undefined ? String(job.attempt) : `${job.attempt} of ${max + 1}`
}

function limits(job: JobDetail): string {
  const text = (ms: number): string => (ms === -1 ? 'none' : formatMs(ms))
  const kept = (ms: number): string => (ms === -1 ? 'for ever' : formatMs(ms))
  const parts = [`timeout ${text(job.timeout)}`, `result kept ${kept(job.resultTtl)}`, `failure kept ${kept(job.failureTtl)}`]
  return (job.ttl === null ? parts : [...parts, `waits at most ${formatMs(job.ttl)}`]).join(' · ')
}

function moment(iso: string | null, since: string | null = null, what = ''): string | undefined {
  if (iso === null) return undefined
  const passed = since === null ? '' : paint('dim', `  ${what} ${formatMs(Math.max(0, Date.parse(iso) - Date.parse(since)))}`)
  return `${localTime(iso)}${passed}`
}

/** Local time to the millisecond, the date included: a job may be days old. */
export function localTime(iso: string): string {
  const date = new Date(iso)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

function attemptLines(job: JobDetail): string[] {
  // One that simply runs or succeeded is told by the lines above.
  if (!job.attempts.some(({ outcome }) => outcome !== 'started' && outcome !== 'finished')) return []
  const lines = job.attempts.map(({ attempt, outcome, worker, startedAt, endedAt, error }) => {
    const took = endedAt === null ? '' : formatMs(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)))
    const why = error === undefined ? '' : cut(`${safe(error.name)}: ${safe(error.message)}`, 100)
    return `    ${attempt}  ${outcome}  ${took}  ${safe(worker)}  ${why}`.trimEnd()
  })
  return [`  ${paint('dim', 'attempts')}`, ...lines]
}

function errorLines(job: JobDetail): string[] {
  if (job.error === null) return []
  const lines: string[] = []
  for (let error: ErrorView | undefined = job.error, lead = ''; error; error = error.cause as ErrorView | undefined, lead = 'caused by ') {
    const [head = '', ...frames] = shortStack(error)
    lines.push(lead + paint('red', head), ...frames.map((frame) => paint('dim', frame)))
  }
  return [`  ${paint('dim', 'error')}`, ...lines.map((line) => `    ${line}`)]
}

/** A list of jobs, one line each, and a last line that says how much was looked at. */
export function jobTable(found: FoundJobs, columns: number | undefined): string[] {
  const lines = found.jobs.length === 0 ? ['No jobs match.'] : jobRows(found.jobs, columns)
  return [...lines, paint('dim', searchedText(found))]
}

export function jobRows(jobs: readonly FoundJob[], columns: number | undefined): string[] {
  const list: Column<FoundJob>[] = [
    { title: 'ID', cell: ({ id }) => safe(id) },
    { title: 'STATUS', cell: ({ status }) => ({ text: status, style: STATUS_STYLES[status] }) },
    { title: 'QUEUE', cell: ({ queue }) => safe(queue), ...(columns !== undefined && { max: 16 }) },
    { title: 'AGE', cell: age, align: 'right' },
    { title: 'JOB', cell: summary },
  ]
  return table(jobs, list, { width: columns })
}

function age({ endedAt, startedAt, enqueuedAt, createdAt }: FoundJob): string {
  const since = endedAt ?? startedAt ?? enqueuedAt ?? createdAt
  return since === null ? '–' : formatMs(Math.max(0, Date.now() - Date.parse(since)))
}

function summary({ description, error }: FoundJob): string {
  return error === null ? safe(description) : `${safe(description)}  ${safe(error.name)}: ${safe(error.message)}`
}

function searchedText({ jobs, searched, total, complete, nextOffset }: FoundJobs): string {
  const shownText = `${formatCount(jobs.length)} shown, searched ${formatCount(searched)} of ${formatCount(total)}`
  if (nextOffset !== null) return `${shownText}; more with --offset ${nextOffset}`
  return complete ? shownText : `${shownText}: stopped there, narrow it with -q or -s`
}
