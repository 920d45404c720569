import { createHash } from 'node:crypto'
import { Refusal } from './refusal.ts'

const MAX_GUESSES = 10
const PERIOD_MS = 60_000
const MAX_ADDRESSES = 10_000

/**
 * Wrong passwords and tokens by the address they came from. The same wrong one again does not count: it tells a guesser nothing, and a browser
 * sends an outdated one with each request.
 */
export class WrongGuesses {
  readonly #made = new Map<string, { until: number; digests: Set<string> }>()

  /** Before anything is compared: beyond the bound also a right guess is turned down, or the bound would not slow anybody. */
  check(address: string): void {
    const made = this.#made.get(address)
    if (made === undefined || made.digests.size < MAX_GUESSES) return
    const leftMs = made.until - performance.now()
    if (leftMs <= 0) this.#made.delete(address)
    else {
      const seconds = Math.ceil(leftMs / 1000)
      const why = `Too many wrong passwords from your address: try again in ${seconds} s`
      throw new Refusal(429, 'RQTS_BUSY', why, { headers: { 'retry-after': String(seconds) }, what: 'guesses', facts: { seconds } })
    }
  }

  note(address: string, credential: string): void {
    const now = performance.now()
    let made = this.#made.get(address)
    if (made === undefined || made.until <= now) {
      made = { until: now + PERIOD_MS, digests: new Set() }
      this.#made.delete(address)
      this.#made.set(address, made)
    }
    made.digests.add(createHash('sha256').update(credential).digest('base64url'))
    // The oldest first: a map keeps the order in which it was filled.
    if (this.#made.size > MAX_ADDRESSES) this.#made.delete(this.#made.keys().next().value!)
  }
}
