import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { decode, encode } from '../payload/payload.ts'
import { type Place, replaceMeta } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import { MAX_META_BYTES } from './draft.ts'
import { notFound } from './waiter.ts'

/** Read, merge, write if nobody else wrote in between, else again with what is there now. Returns the text that was written. */
export async function mergeMeta(store: Store, place: Place, known: string | undefined, patch: Record<string, unknown>): Promise<string> {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw new RqtsError('RQTS_BAD_OPTION', `saveMeta takes an object to merge into meta; got ${show(patch)}`)
  }
  for (let before = known; ; ) {
    const text = encode({ ...(before === undefined ? {} : (decode(before) as object)), ...patch }, 'meta', MAX_META_BYTES)
    const reply = await replaceMeta(store, { ...place, token: '' }, before, text)
    if (reply === true) return text
    if (reply === false) throw notFound(place)
    before = reply.now
  }
}
