import type { RqtsError } from '../errors.ts'
import { hasEnded, isStatus, type JobStatus } from '../job/state.ts'
import { decode } from '../payload/payload.ts'
import type { Place, Watched } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import { onAbort } from './abort.ts'
import { aborted, notFound } from './waiter.ts'
import { type Observer, type Overtaken, watcherOf } from './watcher.ts'

/** What happens to a job, as it happens. The last one is a status in which it has ended, or `deleted`. */
export type JobUpdate =
  | { readonly type: 'status'; readonly status: JobStatus }
  | { readonly type: 'progress'; readonly value: unknown }
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'deleted' }

/** A reader that does not keep up loses old progress and log lines, never a status. */
const MAX_BUFFERED = 1_000

/**
 * The updates of one job from its present state on: status and progress as they are, then each change. Listening begins
 * with the first `next()` and ends with the job, `return()`, an error or the signal.
 */
export class JobEvents implements AsyncIterableIterator<JobUpdate>, Observer {
  readonly #store: Store
  readonly #place: Place
  readonly #signal: AbortSignal | undefined
  readonly #updates: JobUpdate[] = []
  readonly #readers: { resolve: (result: IteratorResult<JobUpdate, undefined>) => void; reject: (error: unknown) => void }[] = []
  #release: (() => void) | undefined
  #unlisten: (() => void) | undefined
  #over = false
  #error: unknown
  #status: JobStatus | undefined
  #progress: string | undefined

  constructor(store: Store, place: Place, signal?: AbortSignal) {
    this.#store = store
    this.#place = place
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<JobUpdate, undefined>> {
    this.#start()
    const update = this.#updates.shift()
    if (update !== undefined) return Promise.resolve({ done: false, value: update })
    if (this.#error !== undefined) {
      const error = this.#error
      this.#error = undefined
      return Promise.reject(error as Error)
    }
    if (this.#over) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<JobUpdate, undefined>> {
    this.#updates.length = 0
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  state(seen: Watched | null, overtaken: Overtaken): void {
    if (seen === null) return this.broken(notFound(this.#place))
    // The end comes last, and nothing overtakes it.
    if (!seen.ended && !overtaken.status) this.#setStatus(seen.status)
    if (seen.ended || !overtaken.progress) this.#setProgress(seen.progress)
    if (seen.ended) this.#setStatus(seen.status)
  }

  news(event: string, text: string): void {
    if (isStatus(event)) {
      this.#setStatus(event)
    } else if (event === 'progress') {
      this.#setProgress(text)
    } else if (event === 'log') {
      this.#put({ type: 'log', line: text })
    } else if (event === 'deleted') {
      this.#put({ type: 'deleted' })
      this.#end()
    }
  }

  broken(error: RqtsError): void {
    if (this.#over) return
    const reader = this.#readers.shift()
    if (reader === undefined) this.#error = error
    else reader.reject(error)
    this.#end()
  }

  #start(): void {
    if (this.#over || this.#release !== undefined) return
    const abort = (): void => this.broken(aborted(this.#place, this.#signal!))
    if (this.#signal?.aborted) return abort()
    this.#release = watcherOf(this.#store).observe(this.#place, this)
    this.#unlisten = onAbort(this.#signal, abort)
  }

  /** A state that was read and the message of it tell the same thing once. */
  #setStatus(status: JobStatus): void {
    if (status !== this.#status) this.#put({ type: 'status', status })
    this.#status = status
    if (hasEnded(status)) this.#end()
  }

  #setProgress(text: string | undefined): void {
    if (text === undefined || text === this.#progress) return
    this.#progress = text
    let value: unknown
    try {
      value = decode(text)
    } catch {
      // Progress that cannot be read is not worth the end of the stream.
      return
    }
    this.#put({ type: 'progress', value })
  }

  #put(update: JobUpdate): void {
    if (this.#over) return
    const reader = this.#readers.shift()
    if (reader !== undefined) return reader.resolve({ done: false, value: update })
    if (this.#updates.length >= MAX_BUFFERED) {
      const droppable = this.#updates.findIndex(({ type }) => type === 'log' || type === 'progress')
      this.#updates.splice(Math.max(droppable, 0), 1)
    }
    this.#updates.push(update)
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#release?.()
    this.#unlisten?.()
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined })
  }
}
