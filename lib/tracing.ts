/**
 * Spans for OpenTelemetry. The package `@opentelemetry/api` is the user's, and is only loaded once their program has registered a tracer or a
 * propagator; until then a job costs one look at a global. The context travels in the job's field `trace`.
 */
import { createRequire } from 'node:module'

/** As much of `@opentelemetry/api` as is used here: its own types must not be needed by those who do not have it. */
interface Span {
  recordException(error: Error): void
  setStatus(status: { code: number; message?: string }): void
  setAttribute(name: string, value: string | number): void
  end(): void
}
type Context = object
interface Api {
  trace: {
    getTracer(name: string): { startSpan(name: string, options: object, context: Context): Span }
    setSpan(context: Context, span: Span): Context
  }
  context: { active(): Context; with<T>(context: Context, fn: () => T): T }
  propagation: { inject(context: Context, carrier: object): void; extract(context: Context, carrier: object): Context }
  SpanKind: { PRODUCER: number; CONSUMER: number }
  SpanStatusCode: { ERROR: number }
  ROOT_CONTEXT: Context
}

export interface Traced {
  /** Runs what belongs to the span. */
  within<T>(fn: () => T): T
  end(error?: unknown): void
}

/** Where every copy of the package keeps what the program has registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')
const MAX_CARRIER = 4_096
let loaded: Api | null | undefined

function api(): Api | null {
  const registered = (globalThis as { [REGISTERED]?: { trace?: unknown; propagation?: unknown } })[REGISTERED]
  if (registered?.trace === undefined && registered?.propagation === undefined) return null
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('@opentelemetry/api') as Api
    } catch {
      loaded = null
    }
  }
  return loaded
}

/** A span of enqueueing, and the text that a job carries so that its run belongs to it. Undefined without OpenTelemetry. */
export function traceEnqueue(queue: string, task: string, ids: readonly string[]): (Traced & { carrier: string }) | undefined {
  const otel = api()
  if (otel === null) return undefined
  const attributes = {
    ...attributesOf(queue, task),
    ...(ids.length === 1 ? { 'messaging.message.id': ids[0]! } : { 'messaging.batch.message_count': ids.length }),
  }
  const span = otel.trace
    .getTracer('rqts')
    .startSpan(`enqueue ${task}`, { kind: otel.SpanKind.PRODUCER, attributes }, otel.context.active())
  const context = otel.trace.setSpan(otel.context.active(), span)
  const carrier = {}
  otel.propagation.inject(context, carrier)
  const text = JSON.stringify(carrier)
  return { ...traced(otel, span, context), carrier: text === '{}' || text.length > MAX_CARRIER ? '' : text }
}

/** A span of one attempt; a child of the span that enqueued it, if the job knows one. */
export function traceRun({ queue, id, task, attempt, trace }: RunFacts): Traced | undefined {
  const otel = api()
  if (otel === null) return undefined
  const parent = otel.propagation.extract(otel.ROOT_CONTEXT, carrierOf(trace))
  const attributes = { ...attributesOf(queue, task), 'messaging.message.id': id, 'rqts.attempt': attempt }
  const span = otel.trace.getTracer('rqts').startSpan(`run ${task}`, { kind: otel.SpanKind.CONSUMER, attributes }, parent)
  return traced(otel, span, otel.trace.setSpan(parent, span))
}

export interface RunFacts {
  queue: string
  id: string
  task: string
  attempt: number
  trace: string | undefined
}

function traced(otel: Api, span: Span, context: Context): Traced {
  return {
    within: (fn) => otel.context.with(context, fn),
    end(error) {
      if (error !== undefined) {
        const thrown = error instanceof Error ? error : new Error('The handler threw what is no Error')
        span.recordException(thrown)
        span.setStatus({ code: otel.SpanStatusCode.ERROR, message: thrown.message.slice(0, 500) })
      }
      span.end()
    },
  }
}

function attributesOf(queue: string, task: string): Record<string, string> {
  return { 'messaging.system': 'rqts', 'messaging.destination.name': queue, 'rqts.task': task }
}

/** From Redis, so it may be anything; what is no flat list of texts is left out. */
function carrierOf(text: string | undefined): Record<string, string> {
  if (text === undefined || text.length > MAX_CARRIER) return {}
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return {}
  }
}
