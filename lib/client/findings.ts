import { formatBytes, formatMs, plural } from '../format.ts'
import { SCHEMA_VERSION } from '../store/keys.ts'
import { holesOf } from './advisories.ts'
import type { ServerFacts } from './inspect-server.ts'
import type { Overview, SchedulesHealth } from './inspector.ts'

/** What `rqts doctor` and the dashboard say about a server and its queues, from facts that others have read. */
export interface Finding {
  check: string
  level: 'ok' | 'warn' | 'bad'
  found: string
  /** What to do about it. */
  remedy?: string
}

const SHOWN = 5

export function judgeServer(facts: ServerFacts): Finding[] {
  return [
    node(),
    version(facts.info),
    security(facts.info),
    role(facts.info),
    eviction(facts.info),
    memory(facts.info),
    persistence(facts),
    latency(facts),
    clock(facts),
    rights(facts),
  ].filter((finding) => finding !== undefined)
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const found = `Node ${process.versions.node}`
  if (major > 20 || (major === 20 && minor >= 19)) return { check: 'node', level: 'ok', found }
  return { check: 'node', level: 'bad', found, remedy: 'rqts needs Node 20.19 or later' }
}

function version(info: ReadonlyMap<string, string>): Finding {
  const [name, text] = server(info)
  const [major = 0, minor = 0] = text.split('.').map(Number)
  if (text === '') return { check: 'version', level: 'warn', found: 'the server does not say', remedy: 'Let this user run INFO' }
  if (major > 6 || (major === 6 && minor >= 2)) return { check: 'version', level: 'ok', found: `${name} ${text}` }
  return { check: 'version', level: 'bad', found: `${name} ${text}`, remedy: 'rqts needs Redis 6.2 or later, or Valkey' }
}

function server(info: ReadonlyMap<string, string>): ['Valkey' | 'Redis', string] {
  const valkey = info.get('valkey_version')
  return valkey === undefined ? ['Redis', info.get('redis_version') ?? ''] : ['Valkey', valkey]
}

function security(info: ReadonlyMap<string, string>): Finding | undefined {
  const [name, text] = server(info)
  if (text === '') return undefined
  const holes = holesOf(name, text)
  if (holes === null) return { check: 'security', level: 'ok', found: 'no known hole in this version' }
  const [newest, ...more] = holes.cves
  return {
    check: 'security',
    level: 'warn',
    found: `${name} ${text} is older than the fix of ${newest}: ${holes.what}${more.length === 0 ? '' : `; and of ${more.join(', ')}`}`,
    remedy: `Upgrade to ${name} ${holes.upgradeTo} or later, unless your distribution has put the fixes into its package; let nobody but your programs connect`,
  }
}

function role(info: ReadonlyMap<string, string>): Finding | undefined {
  if (info.get('role') !== 'slave') return undefined
  return {
    check: 'role',
    level: 'bad',
    found: 'this is a replica, which refuses writes',
    remedy: `Connect to its master, ${info.get('master_host') ?? '?'}:${info.get('master_port') ?? '?'}`,
  }
}

function eviction(info: ReadonlyMap<string, string>): Finding | undefined {
  const policy = info.get('maxmemory_policy')
  if (policy === undefined) return undefined
  if (policy === 'noeviction') return { check: 'eviction', level: 'ok', found: 'noeviction: jobs stay' }
  const limited = Number(info.get('maxmemory') ?? 0) > 0
  return {
    check: 'eviction',
    level: limited ? 'bad' : 'warn',
    found: `maxmemory-policy is ${policy}: ${limited ? 'jobs are dropped when memory is full' : 'jobs would be dropped once there is a maxmemory'}`,
    remedy: 'CONFIG SET maxmemory-policy noeviction, and in redis.conf',
  }
}

function memory(info: ReadonlyMap<string, string>): Finding {
  const used = Number(info.get('used_memory') ?? 0)
  const most = Number(info.get('maxmemory') ?? 0)
  if (most === 0) return { check: 'memory', level: 'ok', found: `${formatBytes(used)} used, no limit set` }
  const share = used / most
  const found = `${formatBytes(used)} of ${formatBytes(most)} used (${Math.round(share * 100)} %)`
  if (share < 0.75) return { check: 'memory', level: 'ok', found }
  const remedy = 'Raise maxmemory, shorten resultTtl and failureTtl, or delete ended jobs: rqts delete --all'
  return { check: 'memory', level: share >= 0.9 ? 'bad' : 'warn', found, remedy }
}

function persistence({ info, save }: ServerFacts): Finding | undefined {
  const aof = info.get('aof_enabled')
  if (aof === undefined) return undefined
  if (aof === '1') return judgeLastWrite(info.get('aof_last_write_status'), 'append-only file: a crash costs about a second')
  if (save === undefined)
    return {
      check: 'persistence',
      level: 'warn',
      found: 'no append-only file; whether there are snapshots the server does not say',
      remedy: 'Ask who runs it',
    }
  if (save !== '') {
    const last = judgeLastWrite(
      info.get('rdb_last_bgsave_status'),
      `snapshots only (save ${save}): a crash costs what came since the last one`,
    )
    return last.level === 'bad' ? last : { ...last, level: 'warn', remedy: 'CONFIG SET appendonly yes, and in redis.conf' }
  }
  return {
    check: 'persistence',
    level: 'warn',
    found: 'nothing is kept on disk: a restart loses all jobs',
    remedy: 'CONFIG SET appendonly yes, and in redis.conf',
  }
}

function judgeLastWrite(status: string | undefined, found: string): Finding {
  if (status === undefined || status === 'ok') return { check: 'persistence', level: 'ok', found }
  return {
    check: 'persistence',
    level: 'bad',
    found: `the last write to disk failed (${status})`,
    remedy: 'See the log of Redis; often the disk is full',
  }
}

function latency({ latencyMs: { median, worst } }: ServerFacts): Finding {
  const found = `${formatMs(median)} median, ${formatMs(worst)} worst of 20 round trips`
  if (median <= 10) return { check: 'latency', level: 'ok', found }
  return { check: 'latency', level: 'warn', found, remedy: 'Run workers near their Redis; look for slow commands with SLOWLOG GET' }
}

function clock({ skewMs }: ServerFacts): Finding | undefined {
  if (skewMs === undefined) return undefined
  const off = formatMs(Math.abs(skewMs))
  if (Math.abs(skewMs) < 1_000) return { check: 'clock', level: 'ok', found: `within ${off} of the clock of Redis` }
  return {
    check: 'clock',
    level: 'warn',
    found: `${off} ${skewMs > 0 ? 'ahead of' : 'behind'} the clock of Redis, which decides when jobs run`,
    remedy: 'Synchronise the clocks (NTP)',
  }
}

function rights({ denied }: ServerFacts): Finding | undefined {
  if (denied === undefined) return undefined
  if (denied.length === 0) return { check: 'rights', level: 'ok', found: 'this user may run what rqts needs' }
  return {
    check: 'rights',
    level: 'bad',
    found: `this user may not run ${denied.join(', ')}`,
    remedy: `ACL SETUSER NAME ~PREFIX:* &PREFIX:* ${denied.map((name) => `+${name.toLowerCase()}`).join(' ')}`,
  }
}

/** Of each queue what its keys were written by; undefined for one that holds nothing yet. */
export function judgeSchema(versions: ReadonlyMap<string, string | undefined>): Finding {
  const other = [...versions].filter(([, version]) => version !== undefined && version !== SCHEMA_VERSION)
  if (other.length === 0)
    return { check: 'schema', level: 'ok', found: `keys are of version ${SCHEMA_VERSION}, which this rqts reads and writes` }
  const names = other.slice(0, SHOWN).map(([queue, version]) => `${queue} (${version})`)
  return {
    check: 'schema',
    level: 'bad',
    found: `this rqts knows keys of version ${SCHEMA_VERSION}, and not those of ${names.join(', ')}${other.length > SHOWN ? ` and ${other.length - SHOWN} more` : ''}`,
    remedy: 'A newer rqts has written there: upgrade this one, npm install rqts@latest',
  }
}

const MAX_LATE_MS = 60_000

/** Undefined without schedules. */
export function judgeSchedules({ active, ticker, lateMs }: SchedulesHealth): Finding | undefined {
  if (active === 0) return undefined
  if (ticker === null) {
    return {
      check: 'schedules',
      level: 'bad',
      found: `nobody fires the ${plural(active, 'schedule')}`,
      remedy: 'Start a worker without --no-scheduler, or rqts scheduler',
    }
  }
  if (lateMs <= MAX_LATE_MS) return { check: 'schedules', level: 'ok', found: `${plural(active, 'schedule')}, fired by ${ticker}` }
  return {
    check: 'schedules',
    level: 'warn',
    found: `the most overdue of ${plural(active, 'schedule')} is ${formatMs(lateMs)} late`,
    remedy: `See the log of ${ticker}, which fires them; one with a 'next' in code needs a process that has this code`,
  }
}

export function judgeQueues({ queues, workers, totals }: Overview): Finding[] {
  const findings: Finding[] = []
  const lost = workers.length - totals.workers
  const found = `${plural(totals.workers, 'live worker')}${lost > 0 ? `, ${lost} lost in the last hour` : ''}`
  findings.push({
    check: 'workers',
    level: lost > 0 ? 'warn' : 'ok',
    found,
    ...(lost > 0 && { remedy: 'See why they ended: memory, or a signal? Their jobs were given to others' }),
  })
  for (const { name, queued, scheduled, oldestMs, paused, workers: serving } of queues) {
    if (queued + scheduled === 0) continue
    if (paused)
      findings.push({
        check: 'queue',
        level: 'warn',
        found: `${name} is paused with ${plural(queued, 'job')} waiting`,
        remedy: `rqts resume ${name}`,
      })
    else if (serving === 0) {
      const since = oldestMs === null ? '' : `, the first for ${formatMs(oldestMs)}`
      findings.push({
        check: 'queue',
        level: 'bad',
        found: `${plural(queued + scheduled, 'job')} in ${name} wait${since}, and no worker serves it`,
        remedy: `rqts worker ${name}`,
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
  if (violations.length === 0) return { check: 'jobs', level: 'ok', found: `${plural(jobs, 'job')}, each where it belongs` }
  return {
    check: 'jobs',
    level: 'bad',
    found: `${plural(violations.length, 'broken rule')}: ${some(violations)}`,
    remedy:
      'Something else may have written to these keys. `rqts doctor --repair` mends most of it; tell the authors of rqts if nothing else wrote',
  }
}

export function judgeRepair({ mended, left }: { mended: readonly Violation[]; left: readonly Violation[] }, jobs: number): Finding {
  if (left.length === 0 && mended.length === 0) return judgeJobs([], jobs)
  if (left.length === 0) return { check: 'jobs', level: 'ok', found: `mended ${plural(mended.length, 'broken rule')}: ${some(mended)}` }
  return {
    check: 'jobs',
    level: 'bad',
    found: `mended ${plural(mended.length, 'broken rule')}, ${left.length} left: ${some(left)}`,
    remedy: 'Nothing tells what would be right there. Requeue or delete the jobs named',
  }
}

function some(violations: readonly Violation[]): string {
  const shown = violations.slice(0, SHOWN).map(({ queue, id, text }) => `${queue}: ${id} ${text}`)
  return shown.join('; ') + (violations.length > SHOWN ? `; and ${violations.length - SHOWN} more` : '')
}
