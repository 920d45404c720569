import { createHash } from 'node:crypto'
import { decode, encode } from '../payload/payload.ts'
import { parseStoredError } from '../payload/stored-error.ts'
import { enqueueJobs } from './enqueue.ts'
import { refOf } from './keys.ts'
import { findPlaces } from './partitions.ts'
import type { Store } from './store.ts'

/** What `onSuccess` and `onFailure` leave with a job: the job to make of it, without the outcome. */
export interface CallbackSpec {
  /** Default: the queue of the job that has ended. */
  queue?: string
  /** Own arguments, as stored; the outcome comes before them unless `plain`. */
  args: string
  plain?: 1
  line?: string
  /** Names and values of hash fields, alternating. */
  fields: readonly string[]
}

/** The outcome may be as large as a result can be, next to the callback's own arguments. */
const MAX_ARGS_BYTES = 4 * 1_048_576

/**
 * Enqueues the callback that a message tells of. The message stays until this is done, and whoever does it again makes the
 * same id, which the queue has heard of by then.
 */
export async function deliverCallback(store: Store, queue: string, message: string): Promise<void> {
  const [head, spec, text] = parseMessage(message)
  if (spec === null) return
  const [parent, , attempt, status] = head.split(' ') as [string, string, string, string]
  const id = createHash('sha256').update(`${queue}/${parent} ${attempt} ${status}`).digest('base64url').slice(0, 26)
  const args = spec.plain ? spec.args : encode([outcomeOf(status, text), ...(decode(spec.args) as unknown[])], 'args', MAX_ARGS_BYTES)
  const target = spec.queue === undefined ? queue : (await findPlaces(store, [{ queue: spec.queue, id }]))[0]!.queue
  const parents = JSON.stringify([refOf(queue, parent, target)])
  const job = {
    id,
    control: { once: 1, nonce: id, ...(spec.line !== undefined && { line: spec.line }) } as const,
    fields: [...spec.fields, 'args', args, 'parents', parents, 'nonce', id],
  }
  await enqueueJobs(store, target, [job], false)
}

function parseMessage(message: string): [head: string, spec: CallbackSpec | null, text: string] {
  const first = message.indexOf('\n')
  const second = message.indexOf('\n', first + 1)
  try {
    return [message.slice(0, first), JSON.parse(message.slice(first + 1, second)) as CallbackSpec, message.slice(second + 1)]
  } catch {
    // Nothing that rqts wrote; it must not stand in the way of the other messages.
    return ['', null, '']
  }
}

/** The result, or the error as it was stored: reason and error on lines of their own. */
function outcomeOf(status: string, text: string): unknown {
  if (status === 'finished') return text === '' ? undefined : decode(text)
  const line = text.indexOf('\n')
  const error = text.slice(line + 1)
  return error === '' ? { name: 'Error', message: text.slice(0, line) } : parseStoredError(error)
}
