import { inspect } from 'node:util'
import type { JobOptions } from '../job/options.ts'
import type { JobSnapshot } from '../job/record.ts'
import { decode } from '../payload/payload.ts'
import { parseRef } from '../store/keys.ts'

const MAX_ARG_CHARS = 75

/** The call as people would write it, `add(2, 3)`. Made when it is read: most descriptions never are. */
export function describeCall(task: string, argsText: string): string {
  let args: unknown
  try {
    args = decode(argsText)
  } catch {
    return `${task}(?)`
  }
  return Array.isArray(args) ? `${task}(${args.map(shorten).join(', ')})` : `${task}(?)`
}

function shorten(value: unknown): string {
  const text = inspect(value, {
    depth: 3,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
    maxArrayLength: 20,
    maxStringLength: MAX_ARG_CHARS,
  })
  return text.length > MAX_ARG_CHARS ? `${text.slice(0, MAX_ARG_CHARS - 1)}…` : text
}

/** The options that a stored job lives by. Its id is not among them, and of `unique` only the key: the rest was used up by the enqueue. */
export function optionsOf(snapshot: JobSnapshot, meta: Record<string, unknown>): JobOptions {
  const { queue, description, ttlMs, runAt, parents, retry, tags, atFront, priority, allowFailure } = snapshot
  const options: JobOptions = {
    timeout: unlimited(snapshot.timeoutMs),
    resultTtl: unlimited(snapshot.resultTtlMs),
    failureTtl: unlimited(snapshot.failureTtlMs),
  }
  if (description !== undefined) options.description = description
  if (ttlMs !== undefined) options.ttl = ttlMs
  if (runAt !== undefined) options.runAt = new Date(runAt)
  if (parents.length > 0) options.dependsOn = { jobs: parents.map((ref) => parseRef(ref, queue)), ...(allowFailure && { allowFailure }) }
  if (atFront) options.atFront = true
  if (priority !== 0) options.priority = priority
  if (snapshot.repeat !== undefined) options.repeat = { times: snapshot.repeat.times, every: snapshot.repeat.everyMs }
  if (snapshot.concurrencyKey !== undefined) options.concurrencyKey = snapshot.concurrencyKey
  if (snapshot.uniqueKey !== undefined) options.unique = { key: snapshot.uniqueKey }
  if (Object.keys(meta).length > 0) options.meta = meta
  if (tags.length > 0) options.tags = tags
  if (retry !== undefined) {
    const { max, delayMs, delaysMs, backoff, maxDelayMs, jitter } = retry
    options.retry = {
      max,
      ...(delayMs !== undefined && { delay: delayMs }),
      ...(delaysMs !== undefined && { delays: delaysMs }),
      // A task's own function stays with the task.
      ...(backoff !== undefined && backoff !== 'task' && { backoff }),
      ...(maxDelayMs !== undefined && { maxDelay: maxDelayMs }),
      ...(jitter !== undefined && { jitter }),
    }
  }
  return options
}

function unlimited(ms: number): number {
  return ms < 0 ? Number.POSITIVE_INFINITY : ms
}
