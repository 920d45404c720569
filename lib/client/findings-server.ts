import { formatBytes, formatMs } from '../format.ts'
import { holesOf } from './advisories.ts'
import type { FindingName } from './finding-names.ts'
import type { Finding } from './findings.ts'
import type { ServerFacts } from './inspect-server.ts'

/** What is to be said about a server itself. */
export function judgeServer(facts: ServerFacts): Finding<FindingName>[] {
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

function node(): Finding<FindingName> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const common = { check: 'node', found: `Node ${process.versions.node}`, facts: { version: process.versions.node } }
  if (major > 20 || (major === 20 && minor >= 19)) return { ...common, level: 'ok', what: 'node' }
  return { ...common, level: 'bad', what: 'node-old', remedy: 'rqts needs Node 20.19 or later' }
}

function version(info: ReadonlyMap<string, string>): Finding<FindingName> {
  const [name, text] = server(info)
  const [major = 0, minor = 0] = text.split('.').map(Number)
  const check = 'version'
  if (text === '')
    return { check, level: 'warn', what: 'version-unsaid', facts: {}, found: 'the server does not say', remedy: 'Let this user run INFO' }
  const common = { check, found: `${name} ${text}`, facts: { server: name, version: text } }
  if (major > 6 || (major === 6 && minor >= 2)) return { ...common, level: 'ok', what: 'version' }
  return { ...common, level: 'bad', what: 'version-old', remedy: 'rqts needs Redis 6.2 or later, or Valkey' }
}

function server(info: ReadonlyMap<string, string>): ['Valkey' | 'Redis', string] {
  const valkey = info.get('valkey_version')
  return valkey === undefined ? ['Redis', info.get('redis_version') ?? ''] : ['Valkey', valkey]
}

function security(info: ReadonlyMap<string, string>): Finding<FindingName> | undefined {
  const [name, text] = server(info)
  if (text === '') return undefined
  const holes = holesOf(name, text)
  const check = 'security'
  if (holes === null) return { check, level: 'ok', what: 'security', facts: {}, found: 'no known hole in this version' }
  const [newest, ...more] = holes.cves
  return {
    check,
    level: 'warn',
    what: 'security-hole',
    facts: { server: name, version: text, cves: holes.cves.join(', '), upgradeTo: holes.upgradeTo },
    found: `${name} ${text} is older than the fix of ${newest}: ${holes.what}${more.length === 0 ? '' : `; and of ${more.join(', ')}`}`,
    remedy: `Upgrade to ${name} ${holes.upgradeTo} or later, unless your distribution has put the fixes into its package; let nobody but your programs connect`,
  }
}

function role(info: ReadonlyMap<string, string>): Finding<FindingName> | undefined {
  if (info.get('role') !== 'slave') return undefined
  const master = `${info.get('master_host') ?? '?'}:${info.get('master_port') ?? '?'}`
  return {
    check: 'role',
    level: 'bad',
    what: 'replica',
    facts: { master },
    found: 'this is a replica, which refuses writes',
    remedy: `Connect to its master, ${master}`,
  }
}

function eviction(info: ReadonlyMap<string, string>): Finding<FindingName> | undefined {
  const policy = info.get('maxmemory_policy')
  if (policy === undefined) return undefined
  const common = { check: 'eviction', facts: { policy } }
  if (policy === 'noeviction') return { ...common, level: 'ok', what: 'eviction', found: 'noeviction: jobs stay' }
  const limited = Number(info.get('maxmemory') ?? 0) > 0
  return {
    ...common,
    level: limited ? 'bad' : 'warn',
    what: limited ? 'eviction-now' : 'eviction-later',
    found: `maxmemory-policy is ${policy}: ${limited ? 'jobs are dropped when memory is full' : 'jobs would be dropped once there is a maxmemory'}`,
    remedy: 'CONFIG SET maxmemory-policy noeviction, and in redis.conf',
  }
}

function memory(info: ReadonlyMap<string, string>): Finding<FindingName> {
  const bytes = Number(info.get('used_memory') ?? 0)
  const most = Number(info.get('maxmemory') ?? 0)
  const [check, used] = ['memory', formatBytes(bytes)]
  if (most === 0) return { check, level: 'ok', what: 'memory-unlimited', facts: { used }, found: `${used} used, no limit set` }
  const share = bytes / most
  const facts = { used, limit: formatBytes(most), percent: Math.round(share * 100) }
  const found = `${used} of ${facts.limit} used (${facts.percent} %)`
  if (share < 0.75) return { check, level: 'ok', what: 'memory', facts, found }
  const remedy = 'Raise maxmemory, shorten resultTtl and failureTtl, or delete ended jobs: rqts delete --all'
  return { check, level: share >= 0.9 ? 'bad' : 'warn', what: 'memory-scarce', facts, found, remedy }
}

function persistence({ info, save }: ServerFacts): Finding<FindingName> | undefined {
  const aof = info.get('aof_enabled')
  if (aof === undefined) return undefined
  const check = 'persistence'
  if (aof === '1')
    return (
      lastWriteFailed(info.get('aof_last_write_status')) ?? {
        check,
        level: 'ok',
        what: 'aof',
        facts: {},
        found: 'append-only file: a crash costs about a second',
      }
    )
  if (save === undefined)
    return {
      check,
      level: 'warn',
      what: 'disk-unsaid',
      facts: {},
      found: 'no append-only file; whether there are snapshots the server does not say',
      remedy: 'Ask who runs it',
    }
  const remedy = 'CONFIG SET appendonly yes, and in redis.conf'
  if (save !== '') {
    const found = `snapshots only (save ${save}): a crash costs what came since the last one`
    const snapshots = { check, level: 'warn', what: 'snapshots', facts: { save }, found, remedy } as const
    return lastWriteFailed(info.get('rdb_last_bgsave_status')) ?? snapshots
  }
  return { check, level: 'warn', what: 'no-disk', facts: {}, found: 'nothing is kept on disk: a restart loses all jobs', remedy }
}

function lastWriteFailed(status: string | undefined): Finding<FindingName> | undefined {
  if (status === undefined || status === 'ok') return undefined
  return {
    check: 'persistence',
    level: 'bad',
    what: 'disk-failed',
    facts: { status },
    found: `the last write to disk failed (${status})`,
    remedy: 'See the log of Redis; often the disk is full',
  }
}

function latency({ latencyMs: { median, worst } }: ServerFacts): Finding<FindingName> {
  const facts = { median: formatMs(median), worst: formatMs(worst) }
  const common = { check: 'latency', facts, found: `${facts.median} median, ${facts.worst} worst of 20 round trips` }
  if (median <= 10) return { ...common, level: 'ok', what: 'latency' }
  const remedy = 'Run workers near their Redis; look for slow commands with SLOWLOG GET'
  return { ...common, level: 'warn', what: 'latency-high', remedy }
}

function clock({ skewMs }: ServerFacts): Finding<FindingName> | undefined {
  if (skewMs === undefined) return undefined
  const [check, off] = ['clock', formatMs(Math.abs(skewMs))]
  if (Math.abs(skewMs) < 1_000) return { check, level: 'ok', what: 'clock', facts: { off }, found: `within ${off} of the clock of Redis` }
  const where = skewMs > 0 ? 'ahead of' : 'behind'
  return {
    check,
    level: 'warn',
    what: 'clock-off',
    facts: { off, where },
    found: `${off} ${where} the clock of Redis, which decides when jobs run`,
    remedy: 'Synchronise the clocks (NTP)',
  }
}

function rights({ denied }: ServerFacts): Finding<FindingName> | undefined {
  if (denied === undefined) return undefined
  const check = 'rights'
  if (denied.length === 0) return { check, level: 'ok', what: 'rights', facts: {}, found: 'this user may run what rqts needs' }
  const commands = denied.join(', ')
  return {
    check,
    level: 'bad',
    what: 'rights-missing',
    facts: { commands, grant: denied.map((name) => `+${name.toLowerCase()}`).join(' ') },
    found: `this user may not run ${commands}`,
    remedy: `ACL SETUSER NAME ~PREFIX:* &PREFIX:* ${denied.map((name) => `+${name.toLowerCase()}`).join(' ')}`,
  }
}
