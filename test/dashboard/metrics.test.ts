import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { task } from '../../lib/index.ts'
import { createMetrics } from '../../lib/metrics/index.ts'
import { workerMetricsText } from '../../lib/metrics/text.ts'
import { stage } from '../support/stage.ts'
import { board } from './support.ts'

const add = task('add', (a: number, b: number) => a + b)
const broken = task({ name: 'broken', retry: 1 }, () => {
  throw new Error('no')
})

/** Name and labels → value; throws when a line is not of the text format. */
function parse(text: string): Map<string, number> {
  const found = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.trimEnd().split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (gauge|counter|histogram)$/.exec(line) ?? []
    if (name !== undefined) {
      expect(types.has(name)).toBe(false)
      types.set(name, type!)
    } else if (!line.startsWith('# HELP ')) {
      const match = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (\S+)$/.exec(line)
      expect(match, line).not.toBeNull()
      expect([...types.keys()].some((type_) => match![1]!.startsWith(type_))).toBe(true)
      expect(found.has(match![1]! + (match![2] ?? ''))).toBe(false)
      found.set(match![1]! + (match![2] ?? ''), Number(match![3]))
    }
  }
  return found
}

describe('the metrics', () => {
  it('of the whole system: counts by queue and state, oldest wait, outcomes, histograms, workers, lag, outbox', async () => {
    const s = await stage()
    for (let i = 0; i < 5; i++) await s.queue('mail').enqueue(add, [i, 1])
    await s.queue('mail').enqueue(broken, [])
    await s.worker('mail', { tasks: [add, broken], burst: true }).run()
    await s.queue('late').enqueue(add, [1, 2])
    const metrics = createMetrics({ connection: s.url, prefix: s.prefix })
    onTestFinished(() => metrics.close())
    const seen = parse(await metrics.text())
    expect(seen.get('rqts_jobs{queue="mail",state="finished"}')).toBe(5)
    expect(seen.get('rqts_jobs{queue="mail",state="failed"}')).toBe(1)
    expect(seen.get('rqts_jobs{queue="late",state="queued"}')).toBe(1)
    expect(seen.get('rqts_queue_workers{queue="late"}')).toBe(0)
    expect(seen.get('rqts_oldest_waiting_seconds{queue="late"}')).toBeGreaterThanOrEqual(0)
    expect(seen.get('rqts_attempts_total{queue="mail",task="add",outcome="finished"}')).toBe(5)
    expect(seen.get('rqts_attempts_total{queue="mail",task="broken",outcome="retried"}')).toBe(1)
    expect(seen.get('rqts_attempts_started_total{queue="mail"}')).toBe(7)
    expect(seen.get('rqts_run_seconds_count{queue="mail",task="add"}')).toBe(5)
    expect(seen.get('rqts_run_seconds_bucket{queue="mail",task="add",le="+Inf"}')).toBe(5)
    expect(seen.get('rqts_wait_seconds_count{queue="mail",task="broken"}')).toBe(2)
    for (const name of ['rqts_outbox_messages{queue="mail"}', 'rqts_promotion_lag_seconds{queue="mail"}', 'rqts_workers{state="busy"}'])
      expect(seen.get(name)).toBe(0)
    const buckets = [...seen]
      .filter(([name]) => name.startsWith('rqts_run_seconds_bucket{queue="mail",task="add"'))
      .map(([, value]) => value)
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b))
  })

  it('are on the dashboard, behind its password', async () => {
    const b = await board({ auth: { token: 'a-long-token' } })
    await b.queue().enqueue(add, [1, 2])
    expect((await b.ask('/metrics')).status).toBe(401)
    const response = await b.ask('/metrics', { headers: { authorization: 'Bearer a-long-token' } })
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(parse(await response.text()).get('rqts_jobs{queue="default",state="queued"}')).toBe(1)
  })

  it('of one worker are what it has counted itself', async () => {
    const s = await stage()
    for (let i = 0; i < 3; i++) await s.queue().enqueue(add, [i, 1])
    const worker = s.worker('default', { tasks: [add], burst: true, name: 'w1', concurrency: 4 })
    await worker.run()
    const seen = parse(workerMetricsText(worker.measure()))
    expect(seen.get('rqts_worker_slots{worker="w1"}')).toBe(4)
    expect(seen.get('rqts_worker_running{worker="w1"}')).toBe(0)
    expect(seen.get('rqts_attempts_total{queue="default",task="add",outcome="finished"}')).toBe(3)
    expect(seen.get('process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
  })
})

describe('the board and the alerts', () => {
  it('ask only for metrics that there are', async () => {
    const b = await board()
    await b.queue().enqueue(add, [1, 2])
    const text = await (await b.ask('/metrics')).text()
    const known = new Set([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name]) => [name!, `${name}_bucket`]))
    for (const file of ['grafana.json', 'alerts.yml']) {
      const asked = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8').matchAll(/\brqts_[a-z_]+/g)
      for (const [name] of asked) expect(known, `${file} asks for ${name}`).toContain(name)
    }
  })
})
