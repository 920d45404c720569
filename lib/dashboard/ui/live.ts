import { useEffect } from 'preact/hooks'
import type { BulkView, JobDetailView, OverviewView, StreamEvents } from '../contract.ts'
import { ApiFailure, apiUrl, get } from './api.ts'
import { type Cell, cell } from './store.ts'

/**
 * One stream for the whole page. It rests while the page is hidden or the person has paused it, and opens anew after an end; each event
 * holds the whole state, so that nothing is missed.
 */
export type Connection = 'connecting' | 'live' | 'paused' | 'lost'

export const connection: Cell<Connection> = cell<Connection>('connecting')
export const paused: Cell<boolean> = cell(false)
export const overview: Cell<OverviewView | undefined> = cell<OverviewView | undefined>(undefined)
export const redisState: Cell<StreamEvents['redis']> = cell<StreamEvents['redis']>({ up: true, message: null, code: null })
export const bulks: Cell<readonly BulkView[]> = cell<readonly BulkView[]>([])

/** A job; null when it is gone. */
export interface SeenJob {
  job: JobDetailView | null
  /** When it was asked for, or told by the stream. */
  at: number
}

/** The job that the page shows, as the stream last told it. With its place, for the page shown next is another's. */
export const liveJob: Cell<(SeenJob & { place: string }) | undefined> = cell<(SeenJob & { place: string }) | undefined>(undefined)
export const liveLogs: Cell<(StreamEvents['logs'] & { place: string }) | undefined> = cell<
  (StreamEvents['logs'] & { place: string }) | undefined
>(undefined)

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 10_000
/** A line that broke without a word (a laptop that slept, a proxy that forgot) is found by its silence; asking anew costs next to nothing. */
const SILENCE_MS = 45_000
/** An action that runs is told of twice a second; one that is silent for this long may have ended while nobody listened. */
const BULK_SILENCE_MS = 2_000
/** Pages follow one another: the stream of the last one is left when the next has had time to say what it follows. */
const UNFOLLOW_MS = 100
let heardAt = 0
let source: EventSource | undefined
let sourceFollows: string | undefined
/** What was last heard of each action, also of those that are shown no more. */
const heardBulks = new Map<string, { bulk: BulkView; at: number }>()
let retryTimer: ReturnType<typeof setTimeout> | undefined
let retryMs = FIRST_RETRY_MS
let followed: { place: string } | undefined

export function startLive(): void {
  document.addEventListener('visibilitychange', sync)
  addEventListener('online', reopen)
  paused.listen(sync)
  setInterval(() => {
    if (connection.get() === 'live' && performance.now() - heardAt > SILENCE_MS) reopen()
  }, SILENCE_MS / 9)
  setInterval(() => void askForSilentBulks(), BULK_SILENCE_MS)
  sync()
  // The document has had the browser ask for this before the script was there: the first data does not wait for a stream to be opened.
  get('GET /overview').then(
    (view) => overview.get() === undefined && overview.set(view),
    () => undefined,
  )
}

function sync(): void {
  if (document.hidden || paused.get()) {
    close()
    connection.set('paused')
  } else if (source === undefined) open()
}

function reopen(): void {
  close()
  sync()
}

function close(): void {
  clearTimeout(retryTimer)
  source?.close()
  source = undefined
}

function open(): void {
  clearTimeout(retryTimer)
  if (connection.get() !== 'lost') connection.set('connecting')
  const place = followed?.place
  const stream = new EventSource(apiUrl('/stream', { job: place }))
  source = stream
  sourceFollows = place
  stream.onopen = () => {
    retryMs = FIRST_RETRY_MS
    heardAt = performance.now()
    connection.set('live')
  }
  stream.onerror = () => {
    // The browser's own retry gives up on a refusal, so this one decides.
    if (source !== stream) return
    close()
    connection.set('lost')
    retryTimer = setTimeout(sync, retryMs)
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
  }
  hear(stream, 'overview', (view) => overview.set(view))
  hear(stream, 'redis', (state) => redisState.set(state))
  hear(stream, 'job', (job) => place !== undefined && liveJob.set({ place, job, at: performance.now() }))
  hear(stream, 'logs', (lines) => place !== undefined && liveLogs.set({ ...lines, place }))
  hear(stream, 'bulk', takeBulk)
}

function hear<K extends keyof StreamEvents>(stream: EventSource, name: K, take: (value: StreamEvents[K]) => unknown): void {
  stream.addEventListener(name, (event) => {
    if (source !== stream) return
    heardAt = performance.now()
    take(JSON.parse((event as MessageEvent<string>).data) as StreamEvents[K])
  })
}

/** Replies and events come by two ways and pass each other: what is further on stays, and an end stays the end, also when it was put away. */
export function takeBulk(bulk: BulkView): void {
  const last = heardBulks.get(bulk.id)?.bulk
  const behind = last !== undefined && (last.state !== 'running' || (bulk.state === 'running' && progressOf(last) > progressOf(bulk)))
  heardBulks.set(bulk.id, { bulk: behind ? last : bulk, at: performance.now() })
  if (!behind) bulks.set([...bulks.get().filter(({ id }) => id !== bulk.id), bulk])
}

function progressOf({ total, done, failed }: BulkView): number {
  return total + done + failed
}

/** What has ended while no stream was open, or before the reply that tells of its start, is told by nobody. */
async function askForSilentBulks(): Promise<void> {
  if (document.hidden) return
  for (const [id, heard] of heardBulks) {
    if (heard.bulk.state !== 'running' || performance.now() - heard.at < BULK_SILENCE_MS) continue
    heard.at = performance.now()
    try {
      takeBulk(await get('GET /bulk', { id }))
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 404) continue
      // A server that was started anew knows nothing of it.
      heardBulks.delete(id)
      dismissBulk(id)
    }
  }
}

export function dismissBulk(id: string): void {
  bulks.set(bulks.get().filter((bulk) => bulk.id !== id))
}

/** While a component shows a job, the stream tells of it. */
export function useFollowedJob(queue: string, id: string): void {
  useEffect(() => {
    const own = { place: `${queue}/${id}` }
    followed = own
    if (sourceFollows !== own.place || source === undefined) reopen()
    return () => {
      // The page shown next may have said already what it follows.
      if (followed !== own) return
      followed = undefined
      setTimeout(() => source !== undefined && sourceFollows !== followed?.place && reopen(), UNFOLLOW_MS)
    }
  }, [queue, id])
}
