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
export const redisState: Cell<StreamEvents['redis']> = cell<StreamEvents['redis']>({ up: true, message: null })
export const bulks: Cell<readonly BulkView[]> = cell<readonly BulkView[]>([])
/** The job that the page shows, as the stream last told it; null when it is gone. */
export const liveJob: Cell<JobDetailView | null | undefined> = cell<JobDetailView | null | undefined>(undefined)
export const liveLogs: Cell<StreamEvents['logs'] | undefined> = cell<StreamEvents['logs'] | undefined>(undefined)

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 10_000
/** A line that broke without a word (a laptop that slept, a proxy that forgot) is found by its silence; asking anew costs next to nothing. */
const SILENCE_MS = 45_000
let heardAt = 0
let source: EventSource | undefined
let retryTimer: number | undefined
let retryMs = FIRST_RETRY_MS
let followed: string | undefined

export function startLive(): void {
  document.addEventListener('visibilitychange', sync)
  addEventListener('online', reopen)
  paused.listen(sync)
  setInterval(() => {
    if (connection.get() === 'live' && performance.now() - heardAt > SILENCE_MS) reopen()
  }, SILENCE_MS / 9)
  sync()
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
  const stream = new EventSource(apiUrl('/stream', { job: followed }))
  source = stream
  stream.onopen = () => {
    retryMs = FIRST_RETRY_MS
    heardAt = performance.now()
    connection.set('live')
    void catchUpOnBulks()
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
  hear(stream, 'job', (job) => liveJob.set(job))
  hear(stream, 'logs', (lines) => liveLogs.set(lines))
  hear(stream, 'bulk', takeBulk)
}

function hear<K extends keyof StreamEvents>(stream: EventSource, name: K, take: (value: StreamEvents[K]) => void): void {
  stream.addEventListener(name, (event) => {
    heardAt = performance.now()
    take(JSON.parse((event as MessageEvent<string>).data) as StreamEvents[K])
  })
}

/** Replies and events come by two ways, so that the end of an action may be known before the reply that tells of its start. */
export function takeBulk(bulk: BulkView): void {
  const known = bulks.get().find(({ id }) => id === bulk.id)
  if (known !== undefined && known.state !== 'running' && bulk.state === 'running') return
  bulks.set([...bulks.get().filter(({ id }) => id !== bulk.id), bulk])
}

/** What has ended while no stream was open is told by none. */
async function catchUpOnBulks(): Promise<void> {
  const running = bulks.get().filter(({ state }) => state === 'running')
  for (const { id } of running) {
    try {
      takeBulk(await get('GET /bulk', { id }))
    } catch (error) {
      // A server that was started anew knows nothing of it.
      if (error instanceof ApiFailure && error.status === 404) dismissBulk(id)
    }
  }
}

export function dismissBulk(id: string): void {
  bulks.set(bulks.get().filter((bulk) => bulk.id !== id))
}

/** While a component shows a job, the stream tells of it. */
export function useFollowedJob(queue: string, id: string): void {
  useEffect(() => {
    liveJob.set(undefined)
    liveLogs.set(undefined)
    followed = `${queue}/${id}`
    reopen()
    return () => {
      followed = undefined
      reopen()
    }
  }, [queue, id])
}
