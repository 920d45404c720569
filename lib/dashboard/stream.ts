import type { StreamEvents } from './contract.ts'
import { Refusal } from './refusal.ts'
import type { Listener, Sampler } from './sampler.ts'

const MAX_STREAMS = 200
const COMMENT_MS = 15_000
/** A tab that does not read is not written to: the next event has the whole state anyway. */
const MAX_WAITING = 32

// Proxies that gather what they pass on would make live late.
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }

/** What a HEAD gets: nobody would ever end a stream whose body nobody asked for. */
export function streamHead(): Response {
  return new Response(null, { headers: HEADERS })
}

/** Server-sent events to one tab. Ends when the tab goes, or with the dashboard. */
export function openStream(sampler: Sampler, job: Listener['job'], closing: AbortSignal): Response {
  if (closing.aborted) throw new Refusal(503, 'RQTS_CLOSED', 'This dashboard has been closed')
  if (sampler.listeners >= MAX_STREAMS)
    throw new Refusal(429, 'RQTS_BUSY', `${MAX_STREAMS} streams are open already`, { what: 'streams', facts: { most: MAX_STREAMS } })
  const encoder = new TextEncoder()
  let end = (): void => undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string): boolean => {
          const reads = (controller.desiredSize ?? 0) > 0
          if (reads) controller.enqueue(encoder.encode(text))
          return reads
        }
        const listener: Listener = {
          job,
          send: <Name extends keyof StreamEvents>(event: Name, data: StreamEvents[Name]) =>
            write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
        }
        const comments = setInterval(() => write(': still here\n\n'), COMMENT_MS)
        comments.unref()
        const close = (): void => {
          end()
          controller.close()
        }
        end = () => {
          clearInterval(comments)
          closing.removeEventListener('abort', close)
          sampler.remove(listener)
        }
        closing.addEventListener('abort', close)
        write('retry: 2000\n\n')
        sampler.add(listener)
      },
      cancel() {
        end()
      },
    },
    { highWaterMark: MAX_WAITING },
  )
  return new Response(body, { headers: HEADERS })
}
