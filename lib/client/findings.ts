import { formatMs, plural } from '../format.ts'
import { SCHEMA_VERSION } from '../store/keys.ts'
import type { FindingName } from './finding-names.ts'
import type { Overview, SchedulesHealth } from './inspector.ts'

/** What `rqts doctor` and the dashboard say about a server and its queues, from facts that others have read. */
export interface Finding<What extends string = string> {
  check: string
  level: 'ok' | 'warn' | 'bad'
  found: string
  /** What to do about it. */
  remedy?: string
  /** Which sentence `found` is, and what stands in it: for who says it in another language. */
  what: What
  facts: Readonly<Record<string, string | number>>
}

const SHOWN = 5

/** Of each queue what its keys were written by; undefined for one that holds nothing yet. */
export function judgeSchema(versions: ReadonlyMap<string, string | undefined>): Finding<FindingName> {
  const other = [...versions].filter(([, version]) => version !== undefined && version !== SCHEMA_VERSION)
  const [check, version] = ['schema', SCHEMA_VERSION]
  if (other.length === 0)
    return {
      check,
      level: 'ok',
      what: 'schema',
      facts: { version },
      found: `keys are of version ${version}, which this rqts reads and writes`,
    }
  const names = other.slice(0, SHOWN).map(([queue, theirs]) => `${queue} (${theirs})`)
  const more = Math.max(0, other.length - SHOWN)
  return {
    check,
    level: 'bad',
    what: 'schema-other',
    facts: { version, queues: names.join(', '), more },
    found: `this rqts knows keys of version ${version}, and not those of ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    remedy: 'A newer rqts has written there: upgrade this one, npm install rqts@latest',
  }
}

const MAX_LATE_MS = 60_000

/** Undefined without schedules. */
export function judgeSchedules({ active, ticker, lateMs }: SchedulesHealth): Finding<FindingName> | undefined {
  if (active === 0) return undefined
  const check = 'schedules'
  if (ticker === null) {
    return {
      check,
      level: 'bad',
      what: 'schedules-unfired',
      facts: { count: active },
      found: `nobody fires the ${plural(active, 'schedule')}`,
      remedy: 'Start a worker without --no-scheduler, or rqts scheduler',
    }
  }
  const facts = { count: active, ticker, late: formatMs(lateMs) }
  if (lateMs <= MAX_LATE_MS)
    return { check, level: 'ok', what: 'schedules', facts, found: `${plural(active, 'schedule')}, fired by ${ticker}` }
  return {
    check,
    level: 'warn',
    what: 'schedules-late',
    facts,
    found: `the most overdue of ${plural(active, 'schedule')} is ${facts.late} late`,
    remedy: `See the log of ${ticker}, which fires them; one with a 'next' in code needs a process that has this code`,
  }
}

export function judgeQueues({ queues, workers, totals }: Overview): Finding<FindingName>[] {
  const lost = workers.length - totals.workers
  const facts = { live: totals.workers, lost }
  const live = plural(totals.workers, 'live worker')
  const remedy = 'See why they ended: memory, or a signal? Their jobs were given to others'
  const findings: Finding<FindingName>[] = [
    lost > 0
      ? { check: 'workers', level: 'warn', what: 'workers-lost', facts, found: `${live}, ${lost} lost in the last hour`, remedy }
      : { check: 'workers', level: 'ok', what: 'workers', facts, found: live },
  ]
  for (const { name: queue, queued, scheduled, oldestMs, paused, workers: serving } of queues) {
    if (queued + scheduled === 0) continue
    if (paused) {
      const found = `${queue} is paused with ${plural(queued, 'job')} waiting`
      findings.push({
        check: 'queue',
        level: 'warn',
        what: 'queue-paused',
        facts: { queue, queued },
        found,
        remedy: `rqts resume ${queue}`,
      })
    } else if (serving === 0) {
      const since = oldestMs === null ? '' : `, the first for ${formatMs(oldestMs)}`
      findings.push({
        check: 'queue',
        level: 'bad',
        what: 'queue-unserved',
        facts: { queue, jobs: queued + scheduled, since: oldestMs === null ? '' : formatMs(oldestMs) },
        found: `${plural(queued + scheduled, 'job')} in ${queue} wait${since}, and no worker serves it`,
        remedy: `rqts worker ${queue}`,
      })
    }
  }
  return findings
}

interface Violation {
  queue: string
  id: string
  text: string
}

export function judgeJobs(violations: readonly Violation[], jobs: number): Finding {
  const facts = { jobs, broken: violations.length }
  if (violations.length === 0)
    return { check: 'jobs', level: 'ok', what: 'jobs', facts, found: `${plural(jobs, 'job')}, each where it belongs` }
  return {
    check: 'jobs',
    level: 'bad',
    what: 'jobs-broken',
    facts,
    found: `${plural(violations.length, 'broken rule')}: ${some(violations)}`,
    remedy:
      'Something else may have written to these keys. `rqts doctor --repair` mends most of it; tell the authors of rqts if nothing else wrote',
  }
}

export function judgeRepair({ mended, left }: { mended: readonly Violation[]; left: readonly Violation[] }, jobs: number): Finding {
  if (left.length === 0 && mended.length === 0) return judgeJobs([], jobs)
  const facts = { jobs, mended: mended.length, left: left.length }
  const what = 'jobs-mended'
  if (left.length === 0)
    return { check: 'jobs', level: 'ok', what, facts, found: `mended ${plural(mended.length, 'broken rule')}: ${some(mended)}` }
  return {
    check: 'jobs',
    level: 'bad',
    what,
    facts,
    found: `mended ${plural(mended.length, 'broken rule')}, ${left.length} left: ${some(left)}`,
    remedy: 'Nothing tells what would be right there. Requeue or delete the jobs named',
  }
}

function some(violations: readonly Violation[]): string {
  const shown = violations.slice(0, SHOWN).map(({ queue, id, text }) => `${queue}: ${id} ${text}`)
  return shown.join('; ') + (violations.length > SHOWN ? `; and ${violations.length - SHOWN} more` : '')
}
