import { describe, expect, it } from 'vitest'
import { FINDINGS } from '../../lib/client/finding-names.ts'
import { judgeQueues, judgeSchedules, judgeSchema } from '../../lib/client/findings.ts'
import { judgeServer } from '../../lib/client/findings-server.ts'
import type { Overview } from '../../lib/client/inspector.ts'
import type { ApiError, FindingView, Route, ScheduleView } from '../../lib/dashboard/contract.ts'
import { zhServer } from '../../lib/dashboard/ui/i18n/zh-server.ts'
import { schedule, task } from '../../lib/index.ts'
import { englishIn } from './english.ts'
import { type Board, board } from './support.ts'

const fine = { node: process.versions.node, redis_version: '7.2.4', maxmemory_policy: 'noeviction', used_memory: '1000', aof_enabled: '0' }

function server(info: Record<string, string>, more: Partial<Parameters<typeof judgeServer>[0]> = {}) {
  const facts = { info: new Map(Object.entries({ ...fine, ...info })), latencyMs: { median: 0.2, worst: 3 }, ...more }
  return judgeServer(facts)
}

function queues(queue: object, workers = 2) {
  const seen = { name: 'mail', queued: 3, scheduled: 0, oldestMs: 5_000, paused: false, workers: 1, ...queue }
  return judgeQueues({ queues: [seen], workers: [{}, {}], totals: { workers } } as unknown as Overview)
}

/** What each rule says, well and not well. */
const FOUND = [
  ...server({}, { save: '3600 1', skewMs: 5, denied: [] }),
  ...server({ redis_version: '6.0.1', maxmemory_policy: 'allkeys-lru', role: 'slave', master_host: 'other', master_port: '6379' }),
  ...server({ maxmemory_policy: 'allkeys-lru', maxmemory: '1100', aof_enabled: '1' }, { latencyMs: { median: 40, worst: 90 } }),
  ...server(
    { redis_version: '', maxmemory: '100000', aof_enabled: '1', aof_last_write_status: 'err' },
    { skewMs: -90_000, denied: ['EVAL'] },
  ),
  ...server({ redis_version: '99.0.0' }, { save: '', skewMs: 90_000 }),
  judgeSchema(new Map([['mail', '1']])),
  judgeSchema(new Map(Array.from({ length: 7 }, (_, i) => [`q${i}`, '9']))),
  judgeSchedules({ schedules: 2, active: 2, ticker: 'w', soonest: [], lateMs: 0 })!,
  judgeSchedules({ schedules: 2, active: 2, ticker: 'w', soonest: [], lateMs: 90_000 })!,
  judgeSchedules({ schedules: 2, active: 2, ticker: null, soonest: [], lateMs: 0 })!,
  ...queues({}),
  ...queues({ paused: true }, 1),
  ...queues({ workers: 0 }),
] as FindingView[]

describe('in Chinese', () => {
  it('every finding of the doctor is said', () => {
    const tooOld = { check: 'node', what: 'node-old', facts: { version: '18.0.0' } } as unknown as FindingView
    const all = [...FOUND, tooOld]
    expect([...new Set(all.map(({ what }) => what))].sort()).toEqual(Object.keys(FINDINGS).sort())
    for (const finding of all) {
      const { check, found, remedy } = zhServer.finding(finding)
      expect(`${check}: ${found} ${remedy}`).not.toContain('undefined')
      expect(englishIn(`${found} ${remedy ?? ''}`), finding.what).toEqual([])
      expect(remedy === null, finding.what).toBe(finding.remedy === undefined && finding.what !== 'node-old')
    }
  })

  it('what the server refuses is said', async () => {
    const b = await board()
    const said = await refusals(b)
    const texts = said.map((error) => zhServer.refusal(error))
    for (const [i, text] of texts.entries()) {
      expect(text, said[i]!.message).toMatch(/[\u4e00-\u9fff]/)
      expect(englishIn(text), said[i]!.message).toEqual([])
      expect(text).not.toContain('undefined')
    }
    expect(texts[0]).toBe('不能重新入队任务 wait：任务正在等待')
    expect(new Set(texts).size).toBeGreaterThan(12)
  })

  it('searches that mean nothing, times of schedules and what is likely a mistake in them are said', async () => {
    const b = await board()
    const { problems } = await b.get('GET /jobs', { q: `state:nonsense since:x task: ${'word '.repeat(30)}` })
    expect(problems.map(({ what }) => what).sort()).toEqual(['search-empty', 'search-since', 'search-state', 'search-words'])
    for (const problem of problems) expect(englishIn(zhServer.searchProblem(problem))).toEqual([])
    for (const what of ['every-minute', 'every-second'] as const)
      expect(englishIn(zhServer.scheduleWarning({ what, text: '' }))).toEqual([])
  })

  it.each([
    ['every', '5 minutes', '每 5 分钟'],
    ['every', 'hour', '每小时'],
    ['cron', '0 2 * * *', '每天 02:00'],
    ['cron', '30 8 * * 1-5', '周一至周五 08:30'],
    ['cron', '0 9,18 * * mon,FRI', '周一、周五 09:00、18:00'],
    ['cron', '*/15 * * * *', '每 15 分钟'],
    ['cron', '*/10 9-17 * * *', '每天 09:00 到 17:59 每 10 分钟'],
    ['cron', '5 * * * *', '每小时第 5 分'],
    ['cron', '0 0 1 * *', '每月 1 日 00:00'],
    ['cron', '0 0 L 12 *', '每年 12 月 最后一天 00:00'],
    ['cron', '*/30 * * * * *', '每 30 秒'],
    ['cron', '@weekly', '每周日 00:00'],
    // More than a few words, so as it was written.
    ['cron', '1-59/7 3 1 * 5', '1-59/7 3 1 * 5'],
    ['sun', 'sunset 52.5 13.4', '日落（52.5, 13.4）'],
    ['custom', 'next()', '由程序中的函数决定'],
  ] as const)('a schedule %s %s is %s', (trigger, expression, words) => {
    const schedule = { trigger, expression, tz: 'UTC' } as unknown as ScheduleView
    expect(zhServer.scheduleWords(schedule)).toBe(words)
    if (trigger === 'cron') expect(zhServer.scheduleWords({ ...schedule, tz: 'Asia/Tokyo' })).toBe(`${words}（Asia/Tokyo）`)
  })
})

/** What a person may run into, as it comes over the line. */
async function refusals(b: Board): Promise<ApiError['error'][]> {
  const queue = b.queue()
  await queue.enqueue('add', [1], { jobId: 'wait' })
  await schedule(
    'nightly',
    task('add', () => 1),
    [],
    { cron: '0 2 * * *' },
    { connection: b.url, prefix: b.prefix },
  )
  const wrong: [Route, object][] = [
    ['POST /job/requeue', { id: 'wait', queue: 'default' }],
    ['POST /job/promote', { id: 'wait', queue: 'default' }],
    ['POST /job/cancel', { id: 'gone', queue: 'default' }],
    ['POST /job/delete', { id: 'no such id', queue: 'default' }],
    ['POST /job/delete', { id: 'wait', queue: 'no such queue' }],
    ['POST /bulk', { action: 'delete', q: '' }],
    ['POST /bulk', { action: 'delete', q: 'task:' }],
    ['POST /bulk', { action: 'delete', q: 'since:x' }],
    ['POST /bulk', { action: 'burn', q: 'state:failed' }],
    ['POST /bulk/abort', { id: 'none' }],
    ['POST /worker/concurrency', { name: 'w', value: 0 }],
    ['POST /worker/stop', { name: 'nobody' }],
    ['POST /schedule/run', { name: 'none' }],
    ['POST /schedule/edit', { name: 'nightly', cron: 'often' }],
    ['POST /schedule/edit', { name: 'nightly', tz: 'Nowhere/Land' }],
    ['POST /schedule/edit', { name: 'nightly', every: 'soon' }],
    ['POST /job/copy', { id: 'wait', queue: 'default', args: 7 }],
    ['POST /enqueue', { queue: 'default', task: 'no such task!' }],
    ['POST /queue/delete', { queue: 'default' }],
  ]
  const found: ApiError['error'][] = []
  for (const [route, body] of wrong) {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    found.push(await refused(await b.ask(`/api${route.slice(5)}`, { method: 'POST', headers, body: JSON.stringify(body) }), route))
  }
  for (const path of ['job?id=gone', 'errors/detail?fingerprint=none', 'errors?since=x', 'nothing', 'jobs?limit=1000'])
    found.push(await refused(await b.ask(`/api/${path}`), path))
  const elsewhere = { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' }
  found.push(await refused(await b.ask('/api/queue/pause', { method: 'POST', headers: elsewhere, body: '{}' }), 'elsewhere'))
  for (const options of [{ readOnly: true }, { authorize: () => 'read' as const }, { authorize: () => 'none' as const }]) {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    const guarded = await board(options)
    found.push(await refused(await guarded.ask('/api/queue/pause', { method: 'POST', headers, body: '{"queue":"q"}' }), 'guarded'))
  }
  return found
}

async function refused(response: Response, what: string): Promise<ApiError['error']> {
  expect(response.ok, what).toBe(false)
  return ((await response.json()) as ApiError).error
}
