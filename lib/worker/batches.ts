import type { ClaimedJob } from '../store/attempts.ts'
import type { BatchRule } from '../task/batch.ts'

interface Forming {
  readonly jobs: ClaimedJob[]
  readonly rule: BatchRule
  /** It has waited long enough for company. */
  ripe: boolean
  timer: NodeJS.Timeout | undefined
}

/** Jobs of tasks that take several at once, while they wait for more of their kind; one batch of each task forms at a time. */
export class Batches {
  readonly #byTask = new Map<string, Forming>()
  readonly #ripe: () => void
  #makesDo = false

  /** `ripe` is called when one has waited long enough. */
  constructor(ripe: () => void) {
    this.#ripe = ripe
  }

  get jobs(): readonly ClaimedJob[] {
    return [...this.#byTask.values()].flatMap(({ jobs }) => jobs)
  }

  get empty(): boolean {
    return this.#byTask.size === 0
  }

  /** How many more to claim for them, beyond those that a slot is free for. */
  get wanted(): number {
    if (this.#makesDo || this.empty) return 0
    let wanted = 0
    for (const { jobs, rule } of this.#byTask.values()) wanted += rule.size - jobs.length
    return wanted
  }

  /** What was claimed for them was something else: none are wanted until one has started, or they form anew. */
  makeDo(): void {
    this.#makesDo = true
  }

  /** False when the batch of its task is full, and must start first. */
  add(job: ClaimedJob, rule: BatchRule): boolean {
    let forming = this.#byTask.get(job.task)
    if (forming === undefined) {
      if (this.empty) this.#makesDo = false
      forming = { jobs: [], rule, ripe: rule.waitMs === 0, timer: undefined }
      this.#byTask.set(job.task, forming)
      if (rule.waitMs > 0) forming.timer = setTimeout(ripen, rule.waitMs, forming, this.#ripe)
    } else if (forming.jobs.length >= forming.rule.size) {
      return false
    }
    forming.jobs.push(job)
    return true
  }

  /** One that is full or has waited long enough, and is now the caller's. */
  next(): readonly ClaimedJob[] | undefined {
    for (const [task, { jobs, rule, ripe, timer }] of this.#byTask) {
      if (!ripe && jobs.length < rule.size) continue
      clearTimeout(timer)
      this.#byTask.delete(task)
      this.#makesDo = false
      return jobs
    }
    return undefined
  }

  remove(job: ClaimedJob): boolean {
    const forming = this.#byTask.get(job.task)
    const at = forming?.jobs.indexOf(job) ?? -1
    if (forming === undefined || at === -1) return false
    forming.jobs.splice(at, 1)
    if (forming.jobs.length === 0) {
      clearTimeout(forming.timer)
      this.#byTask.delete(job.task)
    }
    return true
  }

  /** All of them: nothing is to start any more. */
  clear(): readonly ClaimedJob[] {
    const { jobs } = this
    for (const { timer } of this.#byTask.values()) clearTimeout(timer)
    this.#byTask.clear()
    return jobs
  }
}

function ripen(forming: Forming, ripe: () => void): void {
  forming.ripe = true
  ripe()
}
