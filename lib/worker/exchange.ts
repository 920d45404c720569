import { clock } from '../clock.ts'
import { newToken } from '../job/id.ts'
import { type ClaimedJob, type ClaimRequest, type Outcome, type SettleReply, settle, type Verdict } from '../store/attempts.ts'
import { deliverOutbox } from '../store/maintain.ts'
import type { Store } from '../store/store.ts'
import type { NormalWorkerOptions } from './options.ts'
import type { Outage } from './outage.ts'
import type { QueueOrder } from './queue-order.ts'

const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 1_000
const NOTHING: SettleReply = { verdicts: [], outbox: false, jobs: [] }

/** One call to Redis: outcomes there, jobs back. Repeated with the same token until it is answered, which every script allows. */
export class Exchange {
  readonly #store: Store
  readonly #order: QueueOrder
  readonly #options: NormalWorkerOptions
  readonly #outage: Outage
  #ending = false
  #giveUpAt = Number.POSITIVE_INFINITY
  #gaveUp = false
  readonly #unwritten: string[] = []

  constructor(store: Store, order: QueueOrder, options: NormalWorkerOptions, outage: Outage) {
    this.#store = store
    this.#order = order
    this.#options = options
    this.#outage = outage
  }

  /** From now on a call that only takes is made once more: what it may have taken before goes back. */
  finish(): void {
    this.#ending = true
  }

  /** An outcome that Redis has not taken after this long is tried once more, and then given up. */
  limit(patienceMs: number): void {
    this.#giveUpAt = Math.min(this.#giveUpAt, clock.monotonic() + patienceMs)
  }

  /** `queue/id` of jobs whose outcomes were given up. They run again when their leases end. */
  get unwritten(): readonly string[] {
    return this.#unwritten
  }

  /** The token makes the repetition harmless; what waited too long, Redis refuses. */
  async call(outcomes: readonly Outcome[], want: number, lane: number): Promise<SettleReply> {
    const token = newToken()
    if (this.#gaveUp) return this.#drop(outcomes)
    if (this.#outage.lasts) this.#tellWait(outcomes)
    for (let waitMs = RETRY_MIN_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        const reply = await this.#send({ token, lane, want }, outcomes)
        this.#outage.over()
        return reply
      } catch (error) {
        this.#outage.began(error)
        if (this.#ending && outcomes.length === 0) return NOTHING
        const leftMs = this.#giveUpAt - clock.monotonic()
        if (leftMs <= 0) return this.#drop(outcomes)
        this.#tellWait(outcomes)
        await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, leftMs)))
      }
    }
  }

  /** A worker that ends has nothing else to wait for. */
  #tellWait(outcomes: readonly Outcome[]): void {
    if (!this.#ending || outcomes.length === 0) return
    this.#outage.waiting(namesOf(outcomes), this.#giveUpAt - clock.monotonic())
  }

  #drop(outcomes: readonly Outcome[]): SettleReply {
    this.#gaveUp = true
    this.#unwritten.push(...namesOf(outcomes))
    return NOTHING
  }

  /** What the ends of jobs say to jobs of other queues. False: not now; the message stays in the outbox, and the queue's leader delivers it. */
  async deliver(outcomes: readonly Outcome[]): Promise<boolean> {
    try {
      for (const queue of new Set(outcomes.map((outcome) => outcome.queue))) await deliverOutbox(this.#store, queue)
      return true
    } catch (error) {
      this.#outage.began(error)
      return false
    }
  }

  async #send(call: { token: string; lane: number; want: number }, outcomes: readonly Outcome[]): Promise<SettleReply> {
    const request: ClaimRequest = { ...call, worker: this.#options.name, leaseMs: this.#options.leaseMs, queues: this.#order.next() }
    if (!this.#store.client.isCluster) return await settle(this.#store, request, outcomes)
    return await settlePerQueue(this.#store, request, outcomes)
  }
}

function namesOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ queue, id }) => `${queue}/${id}`)
}

/** On a Cluster each queue is a slot of its own: one call each, in order, until enough is found. */
async function settlePerQueue(store: Store, request: ClaimRequest, outcomes: readonly Outcome[]): Promise<SettleReply> {
  const verdicts: Verdict[] = new Array<Verdict>(outcomes.length).fill('refused')
  const jobs: ClaimedJob[] = []
  let outbox = false
  let againMs: number | undefined
  // In the order of the claim: the queue of a job that has just ended has no claim on the next one.
  for (const queue of new Set([...request.queues, ...outcomes.map((outcome) => outcome.queue)])) {
    const mine = outcomes.flatMap((outcome, i) => (outcome.queue === queue ? [i] : []))
    const want = request.queues.includes(queue) ? request.want - jobs.length : 0
    if (mine.length === 0 && want === 0) continue
    const part = { ...request, want, queues: [queue] }
    const reply = await settle(
      store,
      part,
      mine.map((i) => outcomes[i]!),
    )
    mine.forEach((at, i) => {
      verdicts[at] = reply.verdicts[i]!
    })
    jobs.push(...reply.jobs)
    outbox ||= reply.outbox
    if (reply.againMs !== undefined) againMs = Math.min(againMs ?? reply.againMs, reply.againMs)
  }
  return { verdicts, outbox, jobs, ...(againMs !== undefined && { againMs }) }
}
