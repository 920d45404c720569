/** What a queue should do, as plainly as it can be said: one object per job, one list. Times do not exist; what is due is told. */
export type Status = 'queued' | 'started' | 'scheduled' | 'deferred' | 'finished' | 'failed' | 'stopped' | 'canceled'

export interface ModelJob {
  status: Status
  attempt: number
  failures: number
  lost: number
  token: string | undefined
  stopping: boolean
  waits: Set<string>
  allowFailure: boolean
  unique: string | undefined
  /** Whether its unique key is its own at the moment. */
  holds: boolean
  front: boolean
  priority: number
  key: string | undefined
  /** Inside the gate of its key: in the list or running. */
  inside: boolean
  /** Its place among those held back: lower first, below 0 for the front of its level. */
  turn: number
}

export interface Birth {
  delayed?: boolean
  front?: boolean
  priority?: number
  key?: string
  parents?: string[]
  allowFailure?: boolean
  unique?: { key: string; mode: 'reject' | 'return' | 'replace' }
}

export type Kind = 'ok' | 'fail' | 'retry' | 'later' | 'stop' | 'release'
export const MAX_LOST = 3
const ENDED: ReadonlySet<Status> = new Set(['finished', 'failed', 'stopped', 'canceled'])

export class Model {
  readonly jobs = new Map<string, ModelJob>()
  queue: string[] = []
  #turns = 0

  /** In the order in which they run; those that wait for their key are last. */
  get waiting(): string[] {
    return [...this.queue, ...this.#parked()]
  }

  enqueue(id: string, birth: Birth): string {
    if (this.jobs.has(id)) return 'duplicate'
    const parents = birth.parents ?? []
    if (parents.some((parent) => !this.jobs.has(parent))) return 'unknown-parent'
    const owner = birth.unique && this.#owner(birth.unique.key)
    if (owner !== undefined && birth.unique!.mode !== 'replace') return birth.unique!.mode === 'return' ? 'exists' : 'taken'
    const job: ModelJob = {
      status: 'deferred',
      attempt: 0,
      failures: 0,
      lost: 0,
      token: undefined,
      stopping: false,
      waits: new Set(),
      allowFailure: birth.allowFailure === true,
      unique: birth.unique?.key,
      holds: birth.unique !== undefined,
      front: birth.front === true,
      priority: birth.priority ?? 0,
      key: birth.key,
      inside: false,
      turn: 0,
    }
    this.jobs.set(id, job)
    const ends = parents.map((parent) => this.jobs.get(parent)!.status).filter((status) => ENDED.has(status))
    job.waits = new Set(parents.filter((parent) => !ENDED.has(this.jobs.get(parent)!.status)))
    if (!job.allowFailure && ends.some((status) => status !== 'finished')) {
      job.waits.clear()
      this.#end(id, 'canceled')
      job.holds = false
      return 'created'
    }
    const displaced = owner !== undefined && this.#displace(owner)
    if (job.waits.size === 0) this.#ready(id, birth.delayed ? 'scheduled' : 'queued', job.front)
    // Its children, of which the new job may be one, hear of it by a message: after this step.
    if (displaced) this.#tell(owner, false)
    return 'created'
  }

  claim(token: string, want: number): string[] {
    const ids = this.queue.splice(0, want)
    for (const id of ids) Object.assign(this.jobs.get(id)!, { status: 'started', attempt: this.jobs.get(id)!.attempt + 1, token })
    return ids
  }

  settle(id: string, token: string, kind: Kind): string {
    const job = this.jobs.get(id)
    if (job?.token !== token) return 'refused'
    if (job.status !== 'started') return 'repeated'
    if (job.stopping || kind === 'stop') this.#end(id, 'stopped')
    else if (kind === 'ok') this.#end(id, 'finished')
    else if (kind === 'release') {
      job.attempt--
      this.#ready(id, 'queued', true)
    } else {
      job.failures++
      if (kind !== 'fail') this.#letGo(id)
      if (kind === 'fail') this.#end(id, 'failed')
      else this.#ready(id, kind === 'later' ? 'scheduled' : 'queued')
    }
    return 'written'
  }

  /** Its worker has died, and the sweep has found out. */
  lose(id: string): void {
    const job = this.jobs.get(id)
    if (job?.status !== 'started') return
    job.token = undefined
    if (job.stopping) this.#end(id, 'stopped')
    else if (++job.lost >= MAX_LOST) this.#end(id, 'failed')
    else this.#ready(id, 'queued', true)
  }

  cancel(id: string): Status | null {
    const job = this.jobs.get(id)
    if (job === undefined) return null
    const before = job.status
    if (before === 'started') job.stopping = true
    else if (!ENDED.has(before)) this.#withdraw(id, 'canceled')
    return before
  }

  requeue(id: string): { before: Status | null; blockedBy?: string } {
    const job = this.jobs.get(id)
    if (job === undefined) return { before: null }
    const before = job.status
    if (!ENDED.has(before)) return { before }
    const owner = job.unique === undefined ? undefined : this.#owner(job.unique)
    if (owner !== undefined) return { before, blockedBy: owner }
    Object.assign(job, { failures: 0, lost: 0, token: undefined, stopping: false, holds: job.unique !== undefined })
    this.#ready(id, 'queued')
    return { before }
  }

  promote(id: string): Status | null {
    const job = this.jobs.get(id)
    const before = job?.status ?? null
    if (before === 'scheduled') this.#ready(id, 'queued', job!.front)
    return before
  }

  remove(id: string): boolean {
    const job = this.jobs.get(id)
    if (job === undefined) return false
    const told = !ENDED.has(job.status)
    this.queue = this.queue.filter((other) => other !== id)
    job.status = 'canceled'
    this.#letGo(id)
    this.jobs.delete(id)
    if (told) this.#tell(id, false)
    return true
  }

  #owner(key: string): string | undefined {
    for (const [id, job] of this.jobs) if (job.unique === key && job.holds && !ENDED.has(job.status)) return id
    return undefined
  }

  /** A waiting holder makes way; a running one goes on without the key. */
  /** Whether it has ended. */
  #displace(owner: string): boolean {
    const job = this.jobs.get(owner)!
    if (job.status === 'started') {
      job.holds = false
      return false
    }
    this.queue = this.queue.filter((other) => other !== owner)
    job.waits.clear()
    job.status = 'canceled'
    this.#letGo(owner)
    return true
  }

  #withdraw(id: string, status: Status): void {
    this.queue = this.queue.filter((other) => other !== id)
    this.jobs.get(id)!.waits.clear()
    this.#end(id, status)
  }

  #ready(id: string, status: 'queued' | 'scheduled', front = false): void {
    const job = this.jobs.get(id)!
    job.status = status
    if (status === 'scheduled') return
    if (job.key !== undefined && !job.inside) {
      const full = [...this.jobs.values()].some((other) => other.key === job.key && other.inside)
      if (full) {
        job.turn = front ? -++this.#turns : ++this.#turns
        return
      }
      job.inside = true
    }
    this.#push(id, front)
  }

  /** Queued, but in no list. */
  #parked(): string[] {
    const held = [...this.jobs].filter(([, job]) => job.status === 'queued' && job.key !== undefined && !job.inside)
    return held.sort(([, a], [, b]) => b.priority - a.priority || a.turn - b.turn).map(([id]) => id)
  }

  /** Leaves its gate, and the next of its key enters the list. */
  #letGo(id: string): void {
    const job = this.jobs.get(id)!
    if (!job.inside) return
    job.inside = false
    const next = this.#parked().find((other) => other !== id && this.jobs.get(other)!.key === job.key)
    if (next === undefined) return
    this.jobs.get(next)!.inside = true
    this.#push(next, this.jobs.get(next)!.turn < 0)
  }

  #push(id: string, front: boolean): void {
    const level = this.jobs.get(id)!.priority
    const lower = (other: string): boolean => this.jobs.get(other)!.priority < level
    const at = this.queue.findIndex((other) => lower(other) || (front && this.jobs.get(other)!.priority === level))
    this.queue.splice(at === -1 ? this.queue.length : at, 0, id)
  }

  #end(id: string, status: Status): void {
    this.jobs.get(id)!.status = status
    this.#letGo(id)
    this.#tell(id, status === 'finished')
  }

  #tell(parent: string, finished: boolean): void {
    for (const [id, job] of this.jobs) {
      if (job.status !== 'deferred' || !job.waits.delete(parent)) continue
      if (!finished && !job.allowFailure) this.#withdraw(id, 'canceled')
      else if (job.waits.size === 0) this.#ready(id, 'queued', job.front)
    }
  }
}
