import { randomBytes } from 'node:crypto'
import { cpus } from 'node:os'
import type { Queue } from '../../lib/client/queue.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { Flag, whole } from '../flags.ts'
import { paint } from '../output/color.ts'
import { formatCount, formatMs, safe } from '../output/text.ts'
import { onSignal } from '../signals.ts'

interface BenchOptions {
  jobs: number
  concurrency: number
}

interface BenchResult {
  machine: { cpus: number; model: string; node: string; redis: string }
  jobs: number
  concurrency: number
  /** Jobs a second. */
  enqueue: { oneByOne: number; inBulk: number }
  process: number
  /** Of an idle worker, in ms: from the call of enqueue to the start of the handler, and to the result here. */
  latencyMs: { start: Percentiles; result: Percentiles }
}

interface Percentiles {
  p50: number
  p95: number
  p99: number
}

export const bench: CommandSpec = command<BenchOptions>({
  name: 'bench',
  group: 'Set up',
  summary: 'how fast is it here? enqueue and processing rates, latency',
  description: 'Jobs that do nothing, in a queue of its own that is deleted at the end; producer and worker are this one process.',
  flags: [
    new Flag('-n, --jobs <n>', 'jobs per measurement', { default: 20_000, parse: whole(100, 10_000_000) }),
    new Flag('-c, --concurrency <n>', 'of the worker, and enqueues in flight', { default: 100, parse: whole(1, 1_000) }),
  ],
  examples: [
    ['rqts bench', 'a few seconds'],
    ['rqts bench -n 100000 -c 10 --json', 'longer, for programs'],
  ],
  async run(context, _args, options) {
    const queue = await context.queue(`rqts-bench-${randomBytes(6).toString('hex')}`)
    const cleanUp = async (): Promise<void> => await queue.delete({ jobs: true })
    onSignal(() => void cleanUp().finally(() => process.exit(EXIT.aborted)))
    try {
      const result = await measure(context, queue, options)
      context.result(result, lines(result))
    } finally {
      await cleanUp()
    }
  },
})

// A task is found by the name of its function.
function rqtsBenchNoop(): void {}
function rqtsBenchStart(): number {
  return performance.now()
}

async function measure(context: Context, queue: Queue, { jobs, concurrency }: BenchOptions): Promise<BenchResult> {
  const { overview } = await import('../../lib/client/inspector.ts')
  const { redis } = await overview(await context.store(), { queues: [queue.name] })
  const step = (text: string): void => context.note(paint('dim', text, process.stderr))
  step(`enqueueing ${formatCount(jobs)} jobs one by one, ${concurrency} in flight`)
  const oneByOne = await rate(jobs, () => enqueueOneByOne(queue, jobs, concurrency))
  step(`processing them, concurrency ${concurrency}`)
  const processed = await rate(jobs, () => drain(context, queue, concurrency))
  step(`enqueueing ${formatCount(jobs)} jobs in bulk`)
  const inBulk = await rate(jobs, () => enqueueInBulk(queue, jobs))
  await queue.empty()
  step('latency of an idle worker')
  const latencyMs = await latency(context, queue)
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model.trim() ?? '?', node: process.versions.node, redis: redis.version },
    jobs,
    concurrency,
    enqueue: { oneByOne, inBulk },
    process: processed,
    latencyMs,
  }
}

async function rate(jobs: number, work: () => Promise<void>): Promise<number> {
  const before = performance.now()
  await work()
  return Math.round(jobs / ((performance.now() - before) / 1_000))
}

async function enqueueOneByOne(queue: Queue, jobs: number, inFlight: number): Promise<void> {
  let left = jobs
  const producer = async (): Promise<void> => {
    while (left-- > 0) await queue.enqueue(rqtsBenchNoop, [], { resultTtl: '1m' })
  }
  await Promise.all(Array.from({ length: inFlight }, producer))
}

const BULK = 1_000

async function enqueueInBulk(queue: Queue, jobs: number): Promise<void> {
  for (let left = jobs; left > 0; left -= BULK) {
    await queue.enqueueMany(Array.from({ length: Math.min(BULK, left) }, () => [rqtsBenchNoop, [], { resultTtl: '1m' }] as const))
  }
}

async function drain(context: Context, queue: Queue, concurrency: number): Promise<void> {
  const { Worker } = await import('../../lib/index.ts')
  await new Worker(queue.name, { ...context.connection, tasks: [rqtsBenchNoop], concurrency, burst: true }).run()
}

const SAMPLES = 300

async function latency(context: Context, queue: Queue): Promise<BenchResult['latencyMs']> {
  const { Worker } = await import('../../lib/index.ts')
  const worker = new Worker(queue.name, { ...context.connection, tasks: [rqtsBenchStart], concurrency: 1 })
  const ran = worker.run()
  const start: number[] = []
  const result: number[] = []
  for (let i = 0; i < SAMPLES; i++) {
    const before = performance.now()
    const job = await queue.enqueue(rqtsBenchStart, [])
    const started = await job.result()
    result.push(performance.now() - before)
    start.push(started - before)
  }
  await worker.stop()
  await ran
  // The first ones pay for connections and for code that is not compiled yet.
  return { start: percentiles(start.slice(20)), result: percentiles(result.slice(20)) }
}

function percentiles(values: number[]): Percentiles {
  const sorted = values.sort((a, b) => a - b)
  const at = (share: number): number => Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(3))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

function lines({ machine, jobs, concurrency, enqueue, process: processed, latencyMs }: BenchResult): string[] {
  const row = (name: string, text: string): string => `  ${name.padEnd(22)}${text}`
  const perSecond = (value: number): string => `${paint('bold', formatCount(value).padStart(9))} jobs/s`
  const spread = ({ p50, p95, p99 }: Percentiles): string =>
    `${paint('bold', formatMs(p50).padStart(9))} p50   ${formatMs(p95)} p95   ${formatMs(p99)} p99`
  return [
    paint(
      'dim',
      `${safe(machine.model)} × ${machine.cpus}, Node ${machine.node}, Redis ${safe(machine.redis)}, ${formatCount(jobs)} jobs, concurrency ${concurrency}`,
    ),
    row('enqueue, one by one', perSecond(enqueue.oneByOne)),
    row('enqueue, in bulk', perSecond(enqueue.inBulk)),
    row('process', perSecond(processed)),
    row('enqueue to start', spread(latencyMs.start)),
    row('enqueue to result', spread(latencyMs.result)),
  ]
}
