import { describeCall } from '../client/describe.ts'
import { type FoundRow, type Frame, framesOf, iso, parseStoredError, readable, type StoredError } from '../client/inspector.ts'
import type { ErrorDetail, FrameView, JobRow } from './contract.ts'
import { type NormalRedaction, type RedactContext, redacted, redactedText } from './payload.ts'

export type Redact = NormalRedaction

export function contextOf({ id, queue, task }: Pick<FoundRow, 'id' | 'queue' | 'task'>, part: RedactContext['part']): RedactContext {
  return { part, task, queue, id }
}

/** The call as people would write it, without what they are not to see. */
export function descriptionOf(row: FoundRow, redaction: Redact): string {
  if (row.description !== undefined) return redactedText(row.description, contextOf(row, 'args'), { ...redaction, value: undefined })
  const { value, changed } = redacted(readable(row.args), contextOf(row, 'args'), redaction)
  return changed ? describeCall(row.task, JSON.stringify(Array.isArray(value) ? value : [value])) : describeCall(row.task, row.args)
}

export function rowView(row: FoundRow, redaction: Redact): JobRow {
  const error = row.error === undefined ? null : parseStoredError(row.error)
  const { enqueuedAt, startedAt, endedAt } = row
  return {
    id: row.id,
    queue: row.queue,
    task: row.task,
    state: row.status,
    description: descriptionOf(row, redaction),
    tags: [...row.tags],
    attempt: row.attempt,
    maxAttempts: 1 + (row.retry?.max ?? 0),
    worker: row.worker ?? null,
    error: error === null ? null : { name: error.name, message: redactedText(error.message, contextOf(row, 'error'), redaction) },
    reason: row.reason ?? null,
    createdAt: iso(row.createdAt),
    enqueuedAt: iso(enqueuedAt),
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
    runAt: iso(row.runAt),
    waitedMs: span(enqueuedAt, startedAt),
    ranMs: span(startedAt, endedAt),
    workflow: row.workflow ?? null,
  }
}

function span(from: number | undefined, to: number | undefined): number | null {
  return from === undefined || to === undefined ? null : Math.max(0, to - from)
}

/** The user's own frames are marked, for they say where to look. */
export function errorView(error: StoredError, row: Pick<FoundRow, 'id' | 'queue' | 'task'>, redaction: Redact): ErrorDetail {
  const context = contextOf(row, 'error')
  const clean = (text: string): string => redactedText(text, context, redaction)
  return {
    name: error.name,
    message: clean(error.message),
    code: error.code ?? null,
    stack: error.stack === undefined ? null : clean(error.stack),
    frames: framesOf(error.stack).map((frame: Frame): FrameView => ({ ...frame, text: clean(frame.text) })),
    cause: error.cause === undefined ? null : errorView(error.cause, row, redaction),
  }
}
