import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { checkName, matcher } from '../names.ts'
import { OWN_QUEUE, ownQueue } from '../store/control.ts'
import { foldNames, partitionsOf } from '../store/partitions.ts'
import { isRegistered, queueNames } from '../store/queues.ts'
import type { Store } from '../store/store.ts'
import type { Strategy } from './options.ts'

/** The queues of a worker and the order in which it asks them. Wildcards are looked up anew now and then. */
export class QueueOrder {
  readonly #patterns: readonly string[]
  readonly #strategy: Strategy
  /** The queue that is for this worker alone. */
  readonly own: string
  /** Under the names by which they are stored. */
  #queues: string[]
  /** Those of one queue each, when any has partitions: they take turns in being the first. */
  #groups: readonly (readonly string[])[] | undefined
  #turn = 0

  constructor(patterns: string | readonly string[], strategy: Strategy, worker = '') {
    if (typeof patterns !== 'string' && !Array.isArray(patterns))
      throw new RqtsError('RQTS_BAD_OPTION', `Queues are a name or a list of names: new Worker('default'); got ${show(patterns)}`)
    const list = typeof patterns === 'string' ? [patterns] : [...patterns]
    if (list.length === 0) throw new RqtsError('RQTS_BAD_OPTION', "A worker needs at least one queue: new Worker('default')")
    for (const pattern of list) checkName('queue', typeof pattern === 'string' ? pattern.replaceAll('*', 'x') : pattern)
    this.#patterns = [...new Set(list)]
    this.#strategy = strategy
    this.own = ownQueue(worker)
    this.#queues = this.#patterns.filter((pattern) => !pattern.includes('*'))
  }

  get hasWildcard(): boolean {
    return this.#patterns.some((pattern) => pattern.includes('*'))
  }

  /** As given, for banners and `info`. */
  get patterns(): readonly string[] {
    return this.#patterns
  }

  get all(): readonly string[] {
    return this.#queues
  }

  /** Expands wildcards, and looks for what is sent to this worker alone; true when queues came or went. */
  async refresh(store: Store): Promise<boolean> {
    const partitions = partitionsOf(store)
    await partitions.read(store)
    const known = this.hasWildcard ? foldNames(await queueNames(store)) : []
    const expanded = this.#patterns.flatMap((pattern) => (pattern.includes('*') ? known.filter(taker(pattern)) : [pattern]))
    const own = await isRegistered(store, this.own)
    const groups = [...new Set([...(own ? [this.own] : []), ...expanded])].map((queue) => partitions.known(store, queue)!)
    this.#groups = groups.some((names) => names.length > 1) ? groups : undefined
    const queues = groups.flat()
    const changed = queues.length !== this.#queues.length || queues.some((queue) => !this.#queues.includes(queue))
    if (changed) this.#queues = queues
    return changed
  }

  /** The order for the next claim. */
  next(): readonly string[] {
    if (this.#strategy === 'priority' && this.#groups) return rotated(this.#groups, this.#turn++)
    if (this.#strategy !== 'random' || this.#queues.length < 2) return this.#queues
    return shuffled(this.#queues)
  }

  /** Round robin: a queue that was just served goes to the end. */
  served(queues: ReadonlySet<string>): void {
    if (this.#strategy !== 'round-robin' || queues.size === 0) return
    this.#queues = [...this.#queues.filter((queue) => !queues.has(queue)), ...this.#queues.filter((queue) => queues.has(queue))]
  }
}

/** A queue of one worker is nobody else's, whatever stars they have. */
function taker(pattern: string): (name: string) => boolean {
  const fits = matcher(pattern)
  return (name) => fits(name) && (pattern.startsWith(OWN_QUEUE) || !name.startsWith(OWN_QUEUE))
}

function rotated(groups: readonly (readonly string[])[], turn: number): string[] {
  return groups.flatMap((names) => {
    const first = turn % names.length
    return [...names.slice(first), ...names.slice(0, first)]
  })
}

function shuffled(queues: readonly string[]): string[] {
  const copy = [...queues]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}
