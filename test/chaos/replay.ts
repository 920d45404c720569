import { expect } from 'vitest'
import { newToken } from '../../lib/job/id.ts'
import { type JobStatus, registryOf } from '../../lib/job/state.ts'
import { type ClaimRequest, claim, type Outcome, settle } from '../../lib/store/attempts.ts'
import { type Control, enqueueJobs } from '../../lib/store/enqueue.ts'
import { cancelJob, removeJobs, requeueJob } from '../../lib/store/jobs.ts'
import { deliverOutbox, sweep } from '../../lib/store/maintain.ts'
import { listIds } from '../../lib/store/queues.ts'
import type { Store } from '../../lib/store/store.ts'
import { newJob, request } from './jobs.ts'
import { type Birth, type Kind, MAX_LOST, Model } from './model.ts'

export type Step =
  | { do: 'enqueue'; id: string; birth: Birth }
  | { do: 'claim'; worker: string; want: number }
  /** The latest claim once more, as after a lost reply. */
  | { do: 'claim again' }
  /** Any attempt that ever began: the `nth` from the latest. */
  | { do: 'settle'; nth: number; kind: Kind; again: boolean }
  | { do: 'lose' | 'cancel' | 'requeue' | 'promote' | 'remove'; id: string }

/** Carries out steps on Redis and on the model, and compares answers and states after each. */
export class Replay {
  readonly model = new Model()
  readonly #store: Store
  readonly #attempts: { id: string; token: string }[] = []
  #last: { request: ClaimRequest; ids: string[] } | undefined

  constructor(store: Store) {
    this.#store = store
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#carryOut(step)
      await deliverOutbox(this.#store, 'q')
      expect(await this.#seen(), JSON.stringify(step)).toEqual(this.#expected())
    }
  }

  async #carryOut(step: Step): Promise<void> {
    switch (step.do) {
      case 'enqueue':
        return await this.#enqueue(step.id, step.birth)
      case 'claim': {
        const asked = request({ token: newToken(), worker: step.worker, want: step.want })
        await this.#claim(asked, this.model.claim(asked.token, step.want))
        return
      }
      case 'claim again':
        if (this.#last) await this.#claimAgain(this.#last)
        return
      case 'settle':
        return await this.#settle(step.nth, step.kind, step.again)
      default:
        return await this.#change(step.do, step.id)
    }
  }

  async #enqueue(id: string, birth: Birth): Promise<void> {
    const control: Control = { nonce: newToken() }
    if (birth.delayed) control.delay = 3_600_000
    if (birth.front) control.front = 1
    if (birth.parents?.length) control.parents = birth.parents
    if (birth.allowFailure) control.allowFailure = 1
    if (birth.unique) control.unique = birth.unique
    const line = (birth.priority ? 'l' : '') + (birth.key ? 'k' : '')
    if (line) control.line = line
    const flags = line + (birth.parents?.length ? 'm' : '') + (birth.unique ? 'u' : '')
    const fields = {
      nonce: control.nonce!,
      ...(birth.parents?.length && { parents: JSON.stringify(birth.parents) }),
      ...(birth.unique && { unique: birth.unique.key }),
      ...(birth.priority && { priority: String(birth.priority) }),
      ...(birth.key && { concurrency_key: birth.key }),
      ...(flags && { flags }),
    }
    const { outcomes } = await enqueueJobs(this.#store, 'q', [newJob({ id, control, fields })], false)
    expect(outcomes[0]!.kind).toBe(this.model.enqueue(id, birth))
  }

  async #claim(asked: ClaimRequest, ids: string[]): Promise<void> {
    const jobs = await claim(this.#store, asked)
    expect(jobs.map((job) => [job.id, job.attempt])).toEqual(ids.map((id) => [id, this.model.jobs.get(id)!.attempt]))
    this.#attempts.push(...ids.map((id) => ({ id, token: asked.token })))
    this.#last = { request: asked, ids }
  }

  /** Those still held by this claim come again, and nothing else when it had taken something. */
  async #claimAgain({ request: asked, ids }: { request: ClaimRequest; ids: string[] }): Promise<void> {
    if (ids.length === 0) return
    const held = ids.filter((id) => this.model.jobs.get(id)?.status === 'started' && this.model.jobs.get(id)!.token === asked.token)
    expect((await claim(this.#store, asked)).map((job) => job.id)).toEqual(held)
  }

  async #settle(nth: number, kind: Kind, again: boolean): Promise<void> {
    const attempt = this.#attempts.at(-1 - nth)
    if (attempt === undefined) return
    const outcome = { queue: 'q', ...attempt, ...texts(kind) } as Outcome
    const call = request({ want: 0, token: newToken() })
    const verdict = this.model.settle(attempt.id, attempt.token, kind)
    expect((await settle(this.#store, call, [outcome])).verdicts).toEqual([verdict])
    if (!again) return
    const [repeated] = (await settle(this.#store, call, [outcome])).verdicts
    expect(repeated === 'refused').toBe(verdict === 'refused')
  }

  async #change(event: 'lose' | 'cancel' | 'requeue' | 'promote' | 'remove', id: string): Promise<void> {
    const store = this.#store
    const place = { queue: 'q', id }
    if (event === 'lose') {
      if (this.model.jobs.get(id)?.status !== 'started') return
      await store.client.call('ZADD', store.keys.container('q', 'started'), 1, id)
      await sweep(store, 'q', MAX_LOST)
      this.model.lose(id)
    } else if (event === 'cancel') {
      expect(await cancelJob(store, place, { reason: 'canceled', release: false })).toBe(this.model.cancel(id))
    } else if (event === 'requeue') {
      expect(await requeueJob(store, place, 'requeue', false)).toEqual(this.model.requeue(id))
    } else if (event === 'promote') {
      expect((await requeueJob(store, place, 'promote', false)).before).toBe(this.model.promote(id))
    } else {
      expect(await removeJobs(store, 'q', [id])).toEqual([this.model.remove(id) ? 'deleted' : 'kept'])
    }
  }

  #expected(): object {
    const jobs = [...this.model.jobs].map(([id, job]) => [
      id,
      job.status,
      job.attempt,
      job.failures,
      job.lost,
      registryOf(job.status as JobStatus),
    ])
    return { queue: this.model.waiting, jobs: jobs.sort(byId) }
  }

  async #seen(): Promise<object> {
    const { client, keys } = this.#store
    const names = ['started', 'scheduled', 'deferred', 'finished', 'failed', 'canceled'] as const
    const queue = await listIds(this.#store, 'q', 'queue')
    const zsets = (await client.callAll(names.map((name) => ['ZRANGE', keys.container('q', name), 0, -1] as const))) as string[][]
    const homes = [...queue.map((id) => [id, 'queue']), ...names.flatMap((name, i) => zsets[i]!.map((id) => [id, name]))] as [
      string,
      string,
    ][]
    const hashes = (await client.callAll(
      homes.map(([id]) => ['HMGET', keys.job('q', id), 'status', 'attempt', 'failures', 'lost'] as const),
    )) as (string | null)[][]
    const jobs = homes.map(([id, home], i) => [id, hashes[i]![0], ...hashes[i]!.slice(1).map(Number), home])
    return { queue, jobs: jobs.sort(byId) }
  }
}

function byId(a: unknown[], b: unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1
}

function texts(kind: Kind): object {
  if (kind === 'ok') return { kind, result: '1' }
  if (kind === 'release') return { kind }
  if (kind === 'retry' || kind === 'later') return { kind: 'retry', delayMs: kind === 'later' ? 3_600_000 : 0, error: '{}' }
  return { kind, reason: kind === 'fail' ? 'error' : 'canceled', error: '{}' }
}
