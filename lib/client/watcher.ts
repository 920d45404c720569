import { RqtsError } from '../errors.ts'
import { isStatus } from '../job/state.ts'
import { split } from '../split.ts'
import { translateError } from '../store/errors.ts'
import { type Place, type Watched, watchJobs } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'

/** Someone who wants to know how a job goes on. */
export interface Observer {
  /**
   * Where the job stands; null when there is no such job. Comes first, and again whenever messages may have been missed. Of what
   * `overtaken` names, messages came while it was read: as it is on another connection, they may be newer.
   */
  state(seen: Watched | null, overtaken: Overtaken): void
  /** A message of the script that changed the job: a status, `progress`, `log`, `meta` or `deleted`, and its text. */
  news(event: string, text: string): void
  /** Nothing more will come. */
  broken(error: RqtsError): void
}

export interface Overtaken {
  readonly status: boolean
  readonly progress: boolean
}

interface Entry {
  readonly place: Place
  readonly channel: string
  readonly observers: Set<Observer>
  listening: boolean
  /** From then on each change is published. */
  read: boolean
  /** How many messages of each kind have come. */
  readonly heard: { status: number; progress: number }
  stop?: () => void
  timer?: NodeJS.Timeout
}

/** Messages can be lost with a connection; this often everything that is waited for is read again, whatever was heard. */
const REREAD_MS = 5_000

/** Results come with the answer, and each may be a megabyte. */
const IDS_PER_CALL = 100

const watchers = new WeakMap<Store, Watcher>()

export function watcherOf(store: Store): Watcher {
  let watcher = watchers.get(store)
  if (watcher === undefined) {
    watcher = new Watcher(store)
    watchers.set(store, watcher)
  }
  return watcher
}

/** Ends all waiting on a store that is about to close. */
export function closeWatcher(store: Store): void {
  watcherOf(store).close()
}

/**
 * Follows jobs for all who wait in this process, on one connection: subscribe, then read, then listen, so nothing falls in
 * between. What the clock alone ends is read at that time. While Redis is away nothing is concluded; what was missed is read after.
 */
export class Watcher {
  readonly #store: Store
  readonly #entries = new Map<string, Entry>()
  #unread = new Set<Entry>()
  #reread: NodeJS.Timeout | undefined
  #closed = false

  constructor(store: Store) {
    this.#store = store
  }

  /** Returns how to stop observing. */
  observe(place: Place, observer: Observer): () => void {
    const channel = this.#store.keys.job(place.queue, place.id)
    let entry = this.#entries.get(channel)
    if (entry === undefined) {
      entry = { place, channel, observers: new Set(), listening: false, read: false, heard: { status: 0, progress: 0 } }
      this.#entries.set(channel, entry)
      void this.#open(entry)
      this.#reread ??= setInterval(() => this.#readAll(), REREAD_MS)
    } else if (entry.listening) {
      this.#read(entry)
    }
    const joined = entry
    joined.observers.add(observer)
    return () => {
      if (joined.observers.delete(observer) && joined.observers.size === 0) this.#forget(joined)
    }
  }

  close(): void {
    this.#closed = true
    const error = closedError()
    for (const entry of this.#entries.values()) this.#break(entry, error)
  }

  async #open(entry: Entry): Promise<void> {
    try {
      // Whoever observes hears of a failure after `observe` has returned.
      await Promise.resolve()
      if (this.#closed) throw closedError()
      const stop = await this.#store.connections.subscriber.listen(entry.channel, {
        message: (text) => this.#tell(entry, text),
        gap: () => this.#read(entry),
      })
      // Everybody may have left while the subscription was on its way.
      if (this.#entries.get(entry.channel) !== entry) return stop()
      entry.stop = stop
      entry.listening = true
      this.#read(entry)
    } catch (error) {
      this.#break(entry, translateError(error, this.#store.connections.where))
    }
  }

  #tell(entry: Entry, text: string): void {
    const line = text.indexOf('\n')
    const [event, rest] = line === -1 ? [text, ''] : [text.slice(0, line), text.slice(line + 1)]
    if (event === 'progress') entry.heard.progress++
    else if (isStatus(event)) entry.heard.status++
    for (const observer of entry.observers) observer.news(event, rest)
  }

  #readAll(): void {
    for (const entry of this.#entries.values()) if (entry.listening) this.#read(entry)
  }

  /** All that is to be read in this tick is read together, queue by queue. */
  #read(entry: Entry): void {
    if (this.#unread.size === 0) setImmediate(() => this.#readUnread())
    this.#unread.add(entry)
  }

  #readUnread(): void {
    const byQueue = new Map<string, Entry[]>()
    for (const entry of this.#unread) {
      const { queue } = entry.place
      const entries = byQueue.get(queue)
      if (entries === undefined) byQueue.set(queue, [entry])
      else entries.push(entry)
    }
    this.#unread = new Set()
    for (const [queue, entries] of byQueue) {
      for (const part of split(entries, IDS_PER_CALL)) void this.#readQueue(queue, part)
    }
  }

  async #readQueue(queue: string, entries: readonly Entry[]): Promise<void> {
    const ids = entries.map((entry) => entry.place.id)
    const before = entries.map(({ heard }) => ({ ...heard }))
    try {
      const states = await watchJobs(this.#store, queue, ids)
      // Messages of what is read here may still be on their way on the other connection: the result of a job that is not kept, above all.
      if (entries.some(({ read }, i) => read || !states[i])) await this.#store.connections.subscriber.caughtUp()
      for (const [i, entry] of entries.entries()) {
        const { heard } = entry
        const overtaken = { status: heard.status > before[i]!.status, progress: heard.progress > before[i]!.progress }
        this.#show(entry, states[i] ?? null, overtaken)
      }
    } catch (error) {
      // An outage is waited out: the next reading comes with the reconnect, or in a few seconds.
      if (error instanceof RqtsError && error.code === 'RQTS_REDIS_UNAVAILABLE') return
      for (const entry of entries) this.#break(entry, translateError(error, this.#store.connections.where))
    }
  }

  #show(entry: Entry, seen: Watched | null, overtaken: Overtaken): void {
    clearTimeout(entry.timer)
    entry.read = true
    for (const observer of entry.observers) observer.state(seen, overtaken)
    const left = seen?.expiresInMs
    if (left !== undefined && left <= REREAD_MS && entry.observers.size > 0) entry.timer = setTimeout(() => this.#read(entry), left)
  }

  #break(entry: Entry, error: RqtsError): void {
    for (const observer of entry.observers) observer.broken(error)
    this.#forget(entry)
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.timer)
    this.#unread.delete(entry)
    if (this.#entries.get(entry.channel) === entry) this.#entries.delete(entry.channel)
    entry.stop?.()
    delete entry.stop
    if (this.#entries.size > 0) return
    clearInterval(this.#reread)
    this.#reread = undefined
  }
}

function closedError(): RqtsError {
  return new RqtsError(
    'RQTS_CLOSED',
    'The queue of this job was closed while its result was waited for; wait before you close it, or fetch the job again',
  )
}
