import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { task } from '../../lib/index.ts'
import { stage } from '../support/stage.ts'

const add = task('add', (a: number, b: number) => a + b)
const broken = task('broken', () => {
  throw new TypeError('not a number')
})

function tracing(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  onTestFinished(() => {
    trace.disable()
    context.disable()
    propagation.disable()
  })
  return exporter
}

describe('OpenTelemetry', () => {
  it('a run is a child of the span that enqueued it, and what the handler does is a child of the run', async () => {
    const exporter = tracing()
    const s = await stage()
    const tracer = trace.getTracer('test')
    const inner = task('inner', async () => {
      await Promise.resolve()
      tracer.startSpan('in the handler').end()
    })
    await tracer.startActiveSpan('request', async (span) => {
      await s.queue().enqueue(inner, [])
      span.end()
    })
    await s.worker('default', { tasks: [inner], burst: true }).run()
    const spans = exporter.getFinishedSpans()
    const [request, enqueue, run, own] = ['request', 'enqueue inner', 'run inner', 'in the handler'].map(
      (name) => spans.find((span) => span.name === name)!,
    )
    expect(enqueue!.parentSpanContext?.spanId).toBe(request!.spanContext().spanId)
    expect(run!.parentSpanContext?.spanId).toBe(enqueue!.spanContext().spanId)
    expect(own!.parentSpanContext?.spanId).toBe(run!.spanContext().spanId)
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1)
    expect([enqueue!.kind, run!.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER])
    expect(run!.attributes).toMatchObject({
      'messaging.system': 'rqts',
      'messaging.destination.name': 'default',
      'rqts.task': 'inner',
      'rqts.attempt': 1,
    })
  })

  it('a failed attempt is an error of its span, each attempt a span, and many jobs share one span of enqueueing', async () => {
    const exporter = tracing()
    const s = await stage()
    await s.queue().enqueueMany([
      [add, [1, 2]],
      [broken, [], { retry: 1 }],
    ])
    await s.worker('default', { tasks: [add, broken], burst: true }).run()
    const spans = exporter.getFinishedSpans()
    const runs = spans.filter(({ name }) => name === 'run broken')
    expect(runs.map(({ attributes }) => attributes['rqts.attempt'])).toEqual([1, 2])
    for (const run of runs) {
      expect(run.status).toEqual({ code: SpanStatusCode.ERROR, message: 'not a number' })
      expect(run.events[0]!.name).toBe('exception')
    }
    const sent = spans.filter(({ name }) => name.startsWith('enqueue'))
    expect(sent).toHaveLength(1)
    expect(sent[0]!.attributes['messaging.batch.message_count']).toBe(2)
    expect(spans.find(({ name }) => name === 'run add')!.status.code).toBe(SpanStatusCode.UNSET)
  })

  it.each(['processes', 'threads'] as const)(
    'a run in the pool %s belongs to the span that enqueued it, and is a span there only',
    async (pool) => {
      const exporter = tracing()
      const s = await stage()
      const job = await s.queue().enqueue('whereAmI', [])
      const tasks = [fileURLToPath(new URL('./fixtures/traced-tasks.mjs', import.meta.url))]
      expect(await s.worker('default', { tasks, pool, concurrency: 1, burst: true }).run()).toMatchObject({ succeeded: 1 })
      const spans = exporter.getFinishedSpans()
      expect(spans.map(({ name }) => name)).toEqual(['enqueue whereAmI'])
      const { traceId, spanId } = spans[0]!.spanContext()
      expect(await job.result()).toEqual({ name: 'run whereAmI', traceId, parent: spanId })
    },
  )

  it('without a tracer a job carries nothing, and a broken context breaks no job', async () => {
    const s = await stage()
    const job = await s.queue().enqueue(add, [1, 2])
    const key = s.store.keys.job('default', job.id)
    expect(await s.store.client.call('HEXISTS', key, 'trace')).toBe(0)
    const exporter = tracing()
    await s.store.client.call('HSET', key, 'trace', '{"traceparent":["x"],"y":', 'flags', 'm')
    expect(await s.worker('default', { tasks: [add], burst: true }).run()).toMatchObject({ succeeded: 1 })
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['run add'])
  })
})

describe('diagnostics_channel', () => {
  it('tells of every job of the process', async () => {
    const s = await stage()
    const heard: [string, unknown][] = []
    const listener = (facts: unknown, name: string | symbol): void => void heard.push([String(name), facts])
    for (const name of ['enqueued', 'started', 'ended']) {
      subscribe(`rqts:job:${name}`, listener)
      onTestFinished(() => void unsubscribe(`rqts:job:${name}`, listener))
    }
    const { id } = await s.queue().enqueue(broken, [])
    await s.worker('default', { tasks: [broken], burst: true }).run()
    const facts = { id, queue: 'default', task: 'broken' }
    expect(heard).toEqual([
      ['rqts:job:enqueued', facts],
      ['rqts:job:started', { ...facts, attempt: 1, waitedMs: expect.any(Number) }],
      ['rqts:job:ended', { ...facts, attempt: 1, elapsedMs: expect.any(Number), outcome: 'failed', error: expect.any(TypeError) }],
    ])
  })
})
