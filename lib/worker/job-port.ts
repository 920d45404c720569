import { decode, encode } from '../payload/payload.ts'
import type { ClaimedJob } from '../store/attempts.ts'
import { note, replaceMeta } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import type { ContextPort, EnqueueFromJob } from './context.ts'

const MAX_META_BYTES = 262_144

/** What a handler writes goes to Redis under its attempt's token: after the lease is lost, nothing of it counts. */
export function jobPort(store: Store, job: ClaimedJob, enqueue: (store: Store, queue: string) => EnqueueFromJob): ContextPort {
  let metaText = job.more?.meta
  return {
    async write(kind, text) {
      await note(store, job, kind, text)
    },
    async mergeMeta(patch) {
      for (;;) {
        const merged = { ...(metaText === undefined ? {} : (decode(metaText) as Record<string, unknown>)), ...patch }
        const text = encode(merged, 'meta', MAX_META_BYTES)
        const reply = await replaceMeta(store, job, metaText, text)
        if (typeof reply === 'boolean') {
          metaText = text
          return merged
        }
        // Someone outside saved meta in between: merge into theirs.
        metaText = reply.now
      }
    },
    get enqueue() {
      return enqueue(store, job.queue)
    },
  }
}
