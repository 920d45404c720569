import { type Duration, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { checkName } from '../names.ts'

/** At most `max` starts in any period of this length. */
export interface RateLimit {
  max: number
  per: Duration
}

export interface TaskLimits {
  concurrency?: number
  rate?: RateLimit
}

/** What `queue.setLimits` changes: what is not named stays as it is, null ends a limit. */
export interface LimitChanges {
  /** Most jobs of the queue that run at one time, all workers together. */
  concurrency?: number | null
  /** Most starts per time, all workers together. */
  rate?: RateLimit | null
  /** The same for the jobs of one task. A task's limits are replaced as a whole. */
  tasks?: Readonly<Record<string, TaskLimits | null>> | null
  /** Most jobs of one `concurrencyKey` that run at one time. Default 1. */
  perKey?: number | null
  /** The same for some keys. */
  keys?: Readonly<Record<string, number | null>> | null
}

/** Limits as they hold now; what is absent is not limited. */
export interface Limits {
  concurrency?: number
  rate?: { max: number; per: number }
  tasks: Record<string, { concurrency?: number; rate?: { max: number; per: number } }>
  perKey: number
  keys: Record<string, number>
}

export const DEFAULT_PER_KEY = 1
const MAX_COUNT = 1_000_000
const MAX_RATE = 100_000
const MAX_NAMED = 1_000
const CHANGES: ReadonlySet<string> = new Set(['concurrency', 'rate', 'tasks', 'perKey', 'keys'] satisfies (keyof LimitChanges)[])
const OF_TASK: ReadonlySet<string> = new Set(['concurrency', 'rate'] satisfies (keyof TaskLimits)[])

/** Checked, and in the form in which limits.lua takes it: durations in ms. */
export function normalizeLimits(changes: LimitChanges | null): object | null {
  if (changes === null) return null
  checkKnown('limits', changes, CHANGES)
  const { concurrency, rate, tasks, perKey, keys } = changes
  for (const [name, entries] of Object.entries({ tasks, keys })) {
    if (entries !== undefined && entries !== null && (typeof entries !== 'object' || Array.isArray(entries)))
      throw bad(name, 'an object, or null for no limits', entries)
  }
  const named = [...Object.keys(tasks ?? {}), ...Object.keys(keys ?? {})]
  if (named.length > MAX_NAMED) throw bad('limits', `at most ${MAX_NAMED} tasks and keys in one call`, named.length)
  return {
    ...(concurrency !== undefined && { concurrency: concurrency === null ? null : count('concurrency', concurrency) }),
    ...(rate !== undefined && { rate: rate === null ? null : rateLimit('rate', rate) }),
    ...(tasks !== undefined && {
      tasks: tasks === null ? null : each(tasks, (name, limits) => taskLimits(checkName('task', name), limits)),
    }),
    ...(perKey !== undefined && { perKey: perKey === null ? null : count('perKey', perKey) }),
    ...(keys !== undefined && { keys: keys === null ? null : each(keys, (name, most) => count(`keys['${checkKey(name)}']`, most)) }),
  }
}

/** Half of a surrogate pair has no UTF-8, so Redis would take all keys that differ only there for one. */
const HALF = /\p{Surrogate}/u

/** A concurrency or unique key: any text, such as the id of a customer. */
export function checkKey(value: unknown, name = 'concurrencyKey'): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 256) throw bad(name, 'a text of 1 to 256 characters', value)
  if (HALF.test(value)) throw bad(name, 'a text without half of a surrogate pair (cut between characters, not within one)', value)
  return value
}

function each<T>(entries: Readonly<Record<string, T | null>>, read: (name: string, value: T) => unknown): object {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, value === null ? null : read(name, value)]))
}

function taskLimits(name: string, limits: TaskLimits): object {
  checkKnown(`tasks['${name}']`, limits, OF_TASK)
  const { concurrency, rate } = limits
  if (concurrency === undefined && rate === undefined) throw bad(`tasks['${name}']`, '{ concurrency, rate }, or null for no limit', limits)
  return {
    ...(concurrency !== undefined && { concurrency: count(`tasks['${name}'].concurrency`, concurrency) }),
    ...(rate !== undefined && { rate: rateLimit(`tasks['${name}'].rate`, rate) }),
  }
}

function rateLimit(name: string, value: RateLimit): { max: number; per: number } {
  if (typeof value !== 'object' || value === null) throw bad(name, "{ max, per } such as { max: 100, per: '1m' }", value)
  return { max: count(`${name}.max`, value.max, MAX_RATE), per: parseDuration(value.per, `${name}.per`, { min: 1 }) }
}

function count(name: string, value: unknown, max = MAX_COUNT): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) return value as number
  throw bad(name, `a whole number from 1 to ${max.toLocaleString('en')}; null ends a limit, and to stop a queue, pause it`, value)
}

function checkKnown(name: string, value: unknown, known: ReadonlySet<string>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(name, 'an object', value)
  const unknown = Object.keys(value).find((key) => !known.has(key))
  if (unknown !== undefined)
    throw new RqtsError('RQTS_BAD_OPTION', `Unknown limit '${unknown.slice(0, 60)}' in ${name}; known are ${[...known].join(', ')}`)
}

function bad(name: string, expected: string, got: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_OPTION', `${name} must be ${expected}; got ${show(got)}`)
}
