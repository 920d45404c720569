import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { holesOf } from '../../lib/client/advisories.ts'
import { judgeSchedules } from '../../lib/client/findings.ts'
import { Schedules, schedule } from '../../lib/index.ts'
import { withPrivateRedis } from '../support/redis.ts'
import { golden, type Scene, scene } from './cli.ts'

interface Report {
  healthy: boolean
  findings: { check: string; level: 'ok' | 'warn' | 'bad'; found: string; remedy?: string }[]
}

/** Without what differs from machine to machine. */
function plain(text: string, s: Scene): string {
  return golden(text, s)
    .replace(/Node \d+\.\d+\.\d+/g, 'Node VERSION')
    .replace(/^[✓!] +(security|persistence|latency) .*\n( +→ .*\n)?/gm, '$1 …\n')
    .replace(/\d+ findings?(?=,|$)/gm, 'N findings')
    .replace(/[\d.]+ (kB|MB)/g, 'N')
    .replace(/ {2,}N/g, ' N')
}

const ALL = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru', '--save', '', '--appendonly', 'no']

/** All that can be wrong at once. */
async function ill(use: (s: Scene, redis: Redis) => Promise<void>): Promise<void> {
  await withPrivateRedis(
    async (server) => {
      const s = await scene()
      s.env['RQTS_REDIS_URL'] = server.url
      await s.run('enqueue', 'add')
      await s.run('enqueue', 'add', '-q', 'later')
      const where = { connection: server.url, prefix: s.prefix }
      await schedule('nightly', 'add', [], { every: '1d' }, where)
      const redis = new Redis(server.url)
      await redis.hset(`${s.prefix}:{default}:job:ghost`, { status: 'queued', origin: 'default', task: 'add', args: '[]' })
      await redis.hset(`${s.prefix}:{later}:meta`, 'version', '7')
      try {
        await use(s, redis)
      } finally {
        redis.disconnect()
        await Schedules.remove('nightly', where)
      }
    },
    { args: ALL },
  )
}

describe('rqts doctor', () => {
  it('finds nothing serious with a plain server', async () => {
    const s = await scene()
    const { code, stdout } = await s.run('doctor')
    expect(code).toBe(0)
    expect(plain(stdout, s)).toMatchInlineSnapshot(`
      "✓ node Node VERSION
      ✓ version      Redis VERSION
      security …
      ✓ eviction     noeviction: jobs stay
      ✓ memory N used, no limit set
      persistence …
      latency …
      ✓ clock        within N of the clock of Redis
      ✓ rights       this user may run what rqts needs
      ✓ schema       keys are of version 1, which this rqts reads and writes
      ✓ workers      0 live workers
      ✓ jobs         0 jobs, each where it belongs
      N findings, nothing serious
      "
    `)
    const { healthy, findings } = await s.json<Report>('doctor')
    expect(healthy).toBe(true)
    expect(findings.map(({ check, level }) => `${check} ${level}`)).toEqual([
      'node ok',
      'version ok',
      expect.stringMatching(/^security (ok|warn)$/),
      'eviction ok',
      'memory ok',
      expect.stringMatching(/^persistence (ok|warn)$/),
      expect.stringMatching(/^latency (ok|warn)$/),
      'clock ok',
      'rights ok',
      'schema ok',
      'workers ok',
      'jobs ok',
    ])
  })

  it('exits 1 and says of each thing that is wrong how to mend it', async () => {
    await ill(async (s) => {
      const { code, stdout } = await s.run('doctor')
      expect(code).toBe(1)
      expect(plain(stdout, s)).toMatchInlineSnapshot(`
        "✓ node Node VERSION
        ✓ version      Redis VERSION
        security …
        ✗ eviction     maxmemory-policy is allkeys-lru: jobs are dropped when memory is full
                       → CONFIG SET maxmemory-policy noeviction, and in redis.conf
        ✓ memory N of N used (1 %)
        persistence …
        latency …
        ✓ clock        within N of the clock of Redis
        ✓ rights       this user may run what rqts needs
        ✗ schema       this rqts knows keys of version 1, and not those of later (7)
                       → A newer rqts has written there: upgrade this one, npm install rqts@latest
        ✓ workers      0 live workers
        ✗ queue        1 job in default wait, the first for N, and no worker serves it
                       → rqts worker default
        ✗ queue        1 job in later wait, the first for N, and no worker serves it
                       → rqts worker later
        ✗ schedules    nobody fires the 1 schedule
                       → Start a worker without --no-scheduler, or rqts scheduler
        ✗ jobs         1 broken rule: default: ghost is queued, but not in queue
                       → Something else may have written to these keys. \`rqts doctor --repair\` mends most of it; tell the authors of rqts if nothing else wrote
        N findings
        "
      `)
      const { healthy, findings } = await s.json<Report>('doctor')
      expect(healthy).toBe(false)
      for (const { level, remedy, check } of findings) if (level !== 'ok') expect(remedy, check).toMatch(/.{10}/)
      const bad = findings
        .filter(({ level }) => level === 'bad')
        .map(({ check, level, found, remedy }) => ({ check, level, remedy, found: found.replace(/for [\d.]+ m?s/, 'for N') }))
      expect(bad).toMatchInlineSnapshot(`
        [
          {
            "check": "eviction",
            "found": "maxmemory-policy is allkeys-lru: jobs are dropped when memory is full",
            "level": "bad",
            "remedy": "CONFIG SET maxmemory-policy noeviction, and in redis.conf",
          },
          {
            "check": "schema",
            "found": "this rqts knows keys of version 1, and not those of later (7)",
            "level": "bad",
            "remedy": "A newer rqts has written there: upgrade this one, npm install rqts@latest",
          },
          {
            "check": "queue",
            "found": "1 job in default wait, the first for N, and no worker serves it",
            "level": "bad",
            "remedy": "rqts worker default",
          },
          {
            "check": "queue",
            "found": "1 job in later wait, the first for N, and no worker serves it",
            "level": "bad",
            "remedy": "rqts worker later",
          },
          {
            "check": "schedules",
            "found": "nobody fires the 1 schedule",
            "level": "bad",
            "remedy": "Start a worker without --no-scheduler, or rqts scheduler",
          },
          {
            "check": "jobs",
            "found": "1 broken rule: default: ghost is queued, but not in queue",
            "level": "bad",
            "remedy": "Something else may have written to these keys. \`rqts doctor --repair\` mends most of it; tell the authors of rqts if nothing else wrote",
          },
        ]
      `)
      expect((await s.run('doctor', '--repair')).stdout).toMatch(/✓ jobs +mended 1 broken rule: default: ghost is queued, but not in queue/)
      expect((await s.run('doctor')).stdout).toMatch(/✓ jobs +3 jobs, each where it belongs/)
    })
  })

  it('names the rights that are missing, also to a user who may not ask for them', async () => {
    await withPrivateRedis(async (server) => {
      const s = await scene()
      const admin = new Redis(server.url)
      onTestFinished(() => admin.disconnect())
      const enough = ['~rqts:*', '&rqts:*', '+@all', '-@admin', '-@dangerous', '+info', '+client|setname', '+client|id', '+config|get']
      const rights = async (...rules: string[]): Promise<Report['findings'][number] | undefined> => {
        await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', ...enough, ...rules)
        Object.assign(s.env, { RQTS_REDIS_URL: server.url.replace('://', '://app:secret@'), RQTS_PREFIX: 'rqts' })
        return (await s.json<Report>('doctor')).findings.find(({ check }) => check === 'rights')
      }
      expect(await rights()).toMatchObject({ level: 'ok' })
      expect(await rights('-zadd', '-publish')).toEqual({
        check: 'rights',
        level: 'bad',
        found: 'this user may not run ZADD, PUBLISH',
        remedy: 'ACL SETUSER NAME ~PREFIX:* &PREFIX:* +zadd +publish',
        what: 'rights-missing',
        facts: { commands: 'ZADD, PUBLISH', grant: '+zadd +publish' },
      })
      expect(await rights('-evalsha', '-eval')).toMatchObject({ level: 'bad', found: expect.stringMatching(/may not run EVAL/) })
    })
  })
})

describe('schedules', () => {
  const health = { schedules: 3, active: 2, ticker: 'w1', lateMs: 0, soonest: [] }
  it.each([
    [{ active: 0 }, undefined],
    [{}, 'ok'],
    [{ lateMs: 300_000 }, 'warn'],
    [{ ticker: null }, 'bad'],
  ])('%j: %s', (change, level) => expect(judgeSchedules({ ...health, ...change })?.level).toBe(level))
})

describe('known holes', () => {
  it.each([
    // The last of each line that is looked after, and what is newer than all that is known.
    ...(['6.2.24', '7.2.16', '7.4.11', '8.2.9', '8.4.6', '8.6.6', '8.8.2', '8.10.1', '8.12.0', '9.0.0'] as const).map(
      (v) => ['Redis', v] as const,
    ),
    ...(['7.2.14', '8.0.10', '8.1.9', '9.0.5', '9.1.1', '9.2.0'] as const).map((v) => ['Valkey', v] as const),
  ])('none in %s %s', (product, version) => expect(holesOf(product, version)).toBeNull())

  it.each([
    ['Redis', '6.2.23', '6.2.24', ['CVE-2026-81934']],
    ['Redis', '6.2.21', '6.2.24', ['CVE-2026-81934', 'CVE-2026-66373', 'CVE-2026-25243']],
    ['Redis', '7.0.15', '7.2.16', expect.arrayContaining(['CVE-2025-49844', 'CVE-2024-31449', 'CVE-2026-23631'])],
    ['Redis', '7.2.14', '7.2.16', ['CVE-2026-81934', 'CVE-2026-66373']],
    ['Redis', '7.4.5', '7.4.11', expect.arrayContaining(['CVE-2025-49844'])],
    ['Redis', '8.0.6', '8.2.9', expect.not.arrayContaining(['CVE-2025-49844'])],
    ['Redis', '8.2.2', '8.2.9', expect.arrayContaining(['CVE-2025-62507'])],
    ['Redis', '8.10.0', '8.10.1', ['CVE-2026-81934']],
    ['Valkey', '7.2.11', '7.2.14', expect.arrayContaining(['CVE-2026-21863', 'CVE-2026-23479'])],
    ['Valkey', '8.1.3', '8.1.9', expect.arrayContaining(['CVE-2025-49844'])],
    ['Valkey', '9.0.4', '9.0.5', ['CVE-2026-56684', 'CVE-2026-63639']],
  ] as const)('%s %s: upgrade to %s', (product, version, upgradeTo, cves) => {
    expect(holesOf(product, version)).toEqual({ cves, what: expect.stringContaining('may run code'), upgradeTo })
  })
})
