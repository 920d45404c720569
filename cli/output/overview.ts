import type { Overview, QueueOverview, WorkerOverview } from '../../lib/client/inspector.ts'
import { matcher } from '../../lib/names.ts'
import { paint, type Style } from './color.ts'
import { type Column, table } from './table.ts'
import { cut, formatBytes, formatCount, formatMs, plural, safe, width, wrap } from './text.ts'

export function headerLine(seen: Overview, columns: number | undefined): string {
  const { url, version, usedMemory } = seen.redis
  const left = [`rqts ${seen.version}`, safe(url), `Redis ${safe(version || '?')}`, formatBytes(usedMemory)].join('   ')
  const time = new Date().toTimeString().slice(0, 8)
  const space = columns === undefined ? 3 : columns - width(left) - time.length
  return space < 3
    ? paint('bold', columns === undefined ? left : cut(left, columns))
    : `${paint('bold', left)}${' '.repeat(space)}${paint('dim', time)}`
}

const BAR = 10

/** Without a terminal there are no bars, and no column is dropped. */
export function queueTable(seen: Overview, columns: number | undefined): string[] {
  if (seen.queues.length === 0) return ['No queues yet: `rqts enqueue TASK` or queue.enqueue(…) makes the first one.']
  const most = Math.max(...seen.queues.map(({ queued }) => queued))
  const wide = formatCount(most).length
  const waiting = (queued: number): string => {
    const count = formatCount(queued).padStart(wide)
    return columns === undefined ? count : `${bar(queued, most)} ${count}`
  }
  const list: Column<QueueOverview>[] = [
    { title: 'QUEUE', cell: ({ name }) => safe(name), ...(columns !== undefined && { max: 28 }) },
    {
      title: 'WAITING',
      cell: ({ queued }) => ({ text: waiting(queued), style: queued > 0 ? 'green' : undefined }),
      align: columns === undefined ? 'right' : 'left',
    },
    { title: 'OLDEST', cell: ({ oldestMs }) => (oldestMs === null ? '–' : formatMs(oldestMs)), align: 'right' },
    { title: 'RUN', cell: running, align: 'right' },
    number('SCHED', ({ scheduled }) => scheduled),
    number('FAILED', ({ failed }) => failed, 'red'),
    { title: 'WORKERS', cell: servedBy, align: 'right' },
    { title: '/MIN', cell: perMinute, align: 'right' },
    { title: 'P95', cell: ({ runP95Ms }) => (runP95Ms === null ? '–' : formatMs(Math.round(runP95Ms))), align: 'right' },
    number('DONE', ({ finished }) => finished),
    number('DEFER', ({ deferred }) => deferred),
    number('CANCELED', ({ canceled }) => canceled),
  ]
  return table(seen.queues, list, { width: columns })
}

/** The table with its sum. */
export function queueLines(seen: Overview, columns: number | undefined): string[] {
  if (seen.queues.length === 0) return queueTable(seen, columns)
  const { totals } = seen
  const sum = `${plural(totals.queues, 'queue')} · ${formatCount(totals.queued)} waiting · ${formatCount(totals.started)} running · ${formatCount(totals.failed)} failed`
  return [...queueTable(seen, columns), sum]
}

function number(title: string, read: (queue: QueueOverview) => number, style?: Style): Column<QueueOverview> {
  return { title, align: 'right', cell: (queue) => ({ text: formatCount(read(queue)), style: read(queue) > 0 ? style : 'dim' }) }
}

/** Of the slots of those who serve it, where somebody does. */
function running({ started, slots }: QueueOverview): { text: string; style: Style } {
  return { text: slots === 0 ? formatCount(started) : `${formatCount(started)}/${formatCount(slots)}`, style: started > 0 ? 'cyan' : 'dim' }
}

/** All attempts that ended, red when most of them failed. */
function perMinute({ finishedPerMinute, failedPerMinute }: QueueOverview): { text: string; style?: Style } {
  const rate = finishedPerMinute + failedPerMinute
  if (rate === 0) return { text: '–', style: 'dim' }
  const text = rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))
  return failedPerMinute > finishedPerMinute ? { text, style: 'red' } : { text }
}

function servedBy(queue: QueueOverview): { text: string; style?: Style } {
  if (queue.paused) return { text: 'paused', style: 'yellow' }
  if (queue.workers > 0)
    return queue.limited ? { text: `${formatCount(queue.workers)} limited`, style: 'yellow' } : { text: formatCount(queue.workers) }
  return isUnserved(queue) ? { text: 'none!', style: ['red', 'bold'] } : { text: 'none', style: 'dim' }
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function bar(value: number, most: number): string {
  const eighths = most === 0 ? 0 : Math.max(value > 0 ? 1 : 0, Math.round((value / most) * BAR * 8))
  return ('█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!).padEnd(BAR)
}

const STATE_STYLES: Record<WorkerOverview['state'], Style> = {
  starting: 'dim',
  busy: 'green',
  idle: 'dim',
  paused: 'yellow',
  suspended: 'yellow',
  stopping: 'yellow',
  lost: 'red',
}

export function workerTable(seen: Overview, columns: number | undefined): string[] {
  if (seen.workers.length === 0) return ['No workers: start one with `rqts worker`.']
  const list: Column<WorkerOverview>[] = [
    { title: 'WORKER', cell: ({ name }) => safe(name), ...(columns !== undefined && { max: 30 }) },
    { title: 'STATE', cell: ({ state }) => ({ text: state, style: STATE_STYLES[state] }) },
    { title: 'QUEUES', cell: ({ queues }) => safe(queues.join(',')), ...(columns !== undefined && { max: 20 }) },
    { title: 'RUN', cell: ({ jobs, concurrency }) => `${jobs.length}/${concurrency}`, align: 'right' },
    { title: 'DONE', cell: ({ succeeded }) => formatCount(succeeded), align: 'right' },
    { title: 'FAIL', cell: ({ failed }) => ({ text: formatCount(failed), style: failed > 0 ? 'red' : 'dim' }), align: 'right' },
    { title: 'MEM', cell: ({ memory }) => (memory === 0 ? '–' : formatBytes(memory)), align: 'right' },
    { title: 'BEAT', cell: ({ heartbeatAgeMs }) => `${formatMs(heartbeatAgeMs)} ago`, align: 'right' },
    { title: 'JOB', cell: ({ jobs }) => (jobs.length === 0 ? '–' : safe(jobs[0]!) + (jobs.length > 1 ? ` +${jobs.length - 1}` : '')) },
  ]
  return table(byName(seen.workers), list, { width: columns })
}

export function workerLines(seen: Overview, columns: number | undefined): string[] {
  if (seen.workers.length === 0) return workerTable(seen, columns)
  const lost = seen.workers.length - seen.totals.workers
  const sum = `${plural(seen.totals.workers, 'worker')}${lost > 0 ? ` · ${lost} lost` : ''}`
  return [...workerTable(seen, columns), sum]
}

/** `rq info -R`: for each queue the workers that serve it. */
export function byQueueLines(seen: Overview): string[] {
  const wide = Math.max(0, ...seen.queues.map(({ name }) => name.length)) + 1
  const lines = seen.queues.map(({ name }) => {
    const names = byName(seen.workers).filter((worker) => worker.queues.some((pattern) => matcher(pattern)(name)))
    return `${`${safe(name)}:`.padEnd(wide)} ${names.length === 0 ? '–' : names.map((worker) => `${safe(worker.name)} (${worker.state})`).join(', ')}`
  })
  return [...lines, `${plural(seen.totals.workers, 'worker')}, ${plural(seen.totals.queues, 'queue')}`]
}

/** One line each, the first word says of what: for grep, awk and those who know `rq info --raw`. */
export function rawLines(seen: Overview, show: { queues: boolean; workers: boolean }): string[] {
  const queues = seen.queues.map(
    ({ name, queued, started, finished, failed }) =>
      `queue ${safe(name)} ${queued}, ${started} executing, ${finished} finished, ${failed} failed`,
  )
  const workers = byName(seen.workers).map(
    ({ name, host, pid, state, queues: served, succeeded, failed }) =>
      `worker ${safe(name)} (${safe(host)} ${pid}) ${state} ${safe(served.join(','))}. jobs: ${succeeded} finished, ${failed} failed`,
  )
  return [...(show.queues ? queues : []), ...(show.workers ? workers : [])]
}

function isUnserved(queue: QueueOverview): boolean {
  return !queue.paused && queue.workers === 0 && queue.queued + queue.scheduled > 0
}

/** Queues in which jobs wait for a worker that is not there. */
export function problemsOf(seen: Overview): QueueOverview[] {
  return seen.queues.filter(isUnserved)
}

export interface FiringHealth {
  active: number
  ticker: string | null
}

/** Schedules of which no run will ever come. */
export function nobodyFires(schedules: FiringHealth | undefined): boolean {
  return schedules !== undefined && schedules.active > 0 && schedules.ticker === null
}

export function problemLines(seen: Overview, columns: number | undefined, schedules?: FiringHealth): string[] {
  return [...unservedLines(seen, columns), ...unfiredLines(schedules, columns)]
}

function unfiredLines(schedules: FiringHealth | undefined, columns: number | undefined): string[] {
  if (!nobodyFires(schedules)) return []
  return wrap(`! nobody fires the ${plural(schedules!.active, 'schedule')}: start a worker, or rqts scheduler`, columns)
}

function unservedLines(seen: Overview, columns: number | undefined): string[] {
  const unserved = problemsOf(seen)
  if (unserved.length === 0) return []
  const names = unserved.slice(0, 5).map(({ name }) => safe(name))
  const more = unserved.length > names.length ? ` and ${unserved.length - names.length} more` : ''
  return wrap(`! jobs wait and no worker serves ${names.join(', ')}${more}: rqts worker ${names.join(' ')}`, columns)
}

export function byName(workers: readonly WorkerOverview[]): WorkerOverview[] {
  return [...workers].sort((a, b) => (a.name < b.name ? -1 : 1))
}
