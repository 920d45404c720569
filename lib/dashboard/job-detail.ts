import { enqueueCopy, type FullJob, fullJob, logLines } from '../client/inspect-full.ts'
import { iso, knownTaskSchemas, locate, type Place, parseStoredError, readable, type Store } from '../client/inspector.ts'
import { JobNotFound } from '../errors.ts'
import { hasEnded, isWaiting } from '../job/state.ts'
import type { JobAction, JobDetailView, JobRef, TimelineEntry } from './contract.ts'
import { contextOf, errorView, type Redact, rowView } from './job-views.ts'
import { payloadView, redacted, redactedText } from './payload.ts'

const MAX_LINES = 1_000
const MAX_REFS = 200
/** A watched job is read again and again; what workers know changes when they are started. */
const SCHEMAS_KEPT_MS = 5_000

/** One job as its page shows it. */
export class JobReader {
  readonly #store: Store
  readonly #redaction: Redact
  #schemas: { found: Promise<Map<string, unknown>>; until: number } | undefined

  constructor(store: Store, redaction: Redact) {
    this.#store = store
    this.#redaction = redaction
  }

  async place(id: string, queue: string | undefined): Promise<Place> {
    const place = await locate(this.#store, id, queue)
    if (place === null) throw new JobNotFound(`There is no job ${id}${queue === undefined ? '' : ` in queue '${queue}'`}`)
    return place
  }

  async detail(place: Place): Promise<JobDetailView | null> {
    const [full, schemas] = await Promise.all([fullJob(this.#store, place), this.#knownSchemas()])
    return full === null ? null : detailView(full, schemas, this.#redaction)
  }

  async logs(place: Place, from: number): Promise<{ lines: string[]; from: number; total: number }> {
    const { lines, ...numbers } = await logLines(this.#store, place, from, MAX_LINES)
    const context = contextOf({ ...place, task: '' }, 'logs')
    return { lines: lines.map((line) => redactedText(line, context, this.#redaction)), ...numbers }
  }

  /** A payload whole, without what nobody is to see. */
  async download(place: Place, part: 'args' | 'result' | 'error' | 'meta' | 'logs' | 'job'): Promise<unknown> {
    if (part === 'logs') return (await this.logs(place, 0)).lines
    const full = await this.#full(place)
    if (part === 'job') return detailView(full, await this.#knownSchemas(), this.#redaction)
    const { row } = full
    if (part === 'error') return row.error === undefined ? null : errorView(parseStoredError(row.error), row, this.#redaction)
    return redacted(readable(row[part]), contextOf(row, part), this.#redaction).value
  }

  async copy(
    place: Place,
    options: { args?: unknown[] | undefined; queue?: string | undefined; delayMs?: number | undefined },
  ): Promise<JobRef> {
    return await enqueueCopy(this.#store, await this.#full(place), options)
  }

  async #knownSchemas(): Promise<Map<string, unknown>> {
    if (this.#schemas === undefined || performance.now() > this.#schemas.until) {
      this.#schemas = { found: knownTaskSchemas(this.#store), until: performance.now() + SCHEMAS_KEPT_MS }
    }
    try {
      return await this.#schemas.found
    } catch (error) {
      this.#schemas = undefined
      throw error
    }
  }

  async #full(place: Place): Promise<FullJob> {
    const full = await fullJob(this.#store, place)
    if (full === null) throw new JobNotFound(`There is no job ${place.id}`)
    return full
  }
}

function detailView(full: FullJob, schemas: ReadonlyMap<string, unknown>, redaction: Redact): JobDetailView {
  const { row, parents, children, logCount } = full
  const view = (part: 'args' | 'result' | 'meta' | 'progress', text: string | undefined) =>
    payloadView(readable(text), contextOf(row, part), redaction)
  const args = view('args', row.args)
  return {
    ...rowView(row, redaction),
    args,
    result: row.result === undefined ? null : view('result', row.result),
    errorDetail: row.error === undefined ? null : errorView(parseStoredError(row.error), row, redaction),
    meta: view('meta', row.meta ?? '{}'),
    progress: row.progress === undefined ? null : view('progress', row.progress).value,
    timeline: timelineOf(full, redaction),
    timeoutMs: row.timeoutMs,
    ttlMs: row.ttlMs ?? null,
    resultTtlMs: row.resultTtlMs,
    failureTtlMs: row.failureTtlMs,
    retry: row.retry ?? null,
    dependencies: parents.slice(0, MAX_REFS),
    dependents: children.slice(0, MAX_REFS),
    logCount,
    command: args.redacted || args.truncated ? null : commandOf(row.queue, row.task, args.value),
    schema: schemas.get(row.task) ?? null,
    actions: actionsOf(full),
  }
}

function timelineOf({ row, attempts }: FullJob, redaction: Redact): TimelineEntry[] {
  const plain = { endedAt: null, attempt: null, worker: null, outcome: null, error: null }
  const entries: TimelineEntry[] = []
  const add = (kind: TimelineEntry['kind'], ms: number | undefined, more: Partial<TimelineEntry> = {}): void => {
    const at = iso(ms)
    if (at !== null) entries.push({ kind, at, ...plain, ...more })
  }
  add('created', row.createdAt)
  add('scheduled', row.runAt)
  add('enqueued', row.enqueuedAt)
  for (const { attempt, worker, startedAt, endedAt, outcome, error } of attempts) {
    const message = error === undefined ? '' : redactedText(error.message, contextOf(row, 'error'), redaction)
    add('attempt', startedAt.getTime(), {
      endedAt: iso(endedAt?.getTime()),
      attempt,
      worker,
      outcome,
      error: error === undefined ? null : { name: error.name, message },
    })
  }
  if (hasEnded(row.status)) add('ended', row.endedAt, { outcome: row.status })
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

function actionsOf({ row: { status } }: FullJob): JobAction[] {
  if (hasEnded(status)) return ['requeue', 'delete']
  if (status === 'scheduled') return ['promote', 'cancel', 'delete']
  return isWaiting(status) || status === 'started' ? ['cancel', 'delete'] : ['delete']
}

/** What to type for another one of the same. */
function commandOf(queue: string, task: string, args: unknown): string | null {
  if (!Array.isArray(args)) return null
  const words = args.map((arg) => (typeof arg === 'string' && /^[^:@-]/.test(arg) ? arg : `:${JSON.stringify(arg)}`))
  return ['rqts enqueue', ...[task, ...words].map(quote), ...(queue === 'default' ? [] : ['-q', quote(queue)])].join(' ')
}

function quote(word: string): string {
  return /^[A-Za-z0-9_./:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
