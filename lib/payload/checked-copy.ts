import { types } from 'node:util'
import { RqtsError } from '../errors.ts'
import { MAX_DEPTH } from './plain.ts'
import { pathText, type Step, tooLarge } from './refusal.ts'

interface Walk {
  what: string
  limitBytes: number
  /** Lower bound of the bytes that are still free. */
  left: number
  /** The containers around the current value and where each one sits. */
  around: Map<object, Step | undefined>
}

/**
 * A copy made of nothing but what superjson can carry, or an error that names the place of what it cannot.
 * Copying (rather than only looking) reads every getter and proxy once, and turns values of another realm into ours.
 */
export function checkedCopy(value: unknown, what: string, limitBytes: number): unknown {
  return copy(value, undefined, { what, limitBytes, left: limitBytes, around: new Map() }, 0)
}

function copy(value: unknown, step: Step | undefined, walk: Walk, depth: number): unknown {
  spend(walk, typeof value === 'string' ? value.length : 1)
  if (typeof value === 'function') throw refuse(walk, step, 'is a function', 'a job stores data, not code; pass what the function needs')
  if (typeof value === 'symbol') throw refuse(walk, step, 'is a symbol', 'it means nothing in another process; pass a string')
  if (typeof value !== 'object' || value === null) return value
  if (walk.around.has(value)) {
    const target = pathText(walk.what, walk.around.get(value))
    throw refuse(walk, step, `is the same object as ${target}, a cycle`, 'refer to it by an id instead')
  }
  if (depth >= MAX_DEPTH) throw refuse(walk, step, `is nested deeper than ${MAX_DEPTH} levels`, 'flatten it, or pass a reference to it')
  walk.around.set(value, step)
  const copied = guarded(walk, step, () => copyObject(value, step, walk, depth + 1))
  walk.around.delete(value)
  return copied
}

function copyObject(value: object, step: Step | undefined, walk: Walk, depth: number): unknown {
  if (Array.isArray(value)) return copyArray(value, step, walk, depth)
  if (isPlainObject(value)) return copyProperties(value, Object.keys(value), {}, step, walk, depth)
  if (types.isDate(value)) return copyDate(value, step, walk)
  if (types.isRegExp(value)) return new RegExp(value.source, value.flags)
  if (value instanceof URL) return new URL(value.href)
  if (types.isMap(value)) {
    const entries = [...value].map((entry, i) => copyArray(entry, { up: step, key: `.entries[${i}]` }, walk, depth) as [unknown, unknown])
    return new Map(entries)
  }
  if (types.isSet(value)) return new Set([...value].map((entry, i) => copy(entry, { up: step, key: `.values[${i}]` }, walk, depth)))
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) {
    spend(walk, value.byteLength)
    return value
  }
  if (types.isNativeError(value) || value instanceof Error) return copyError(value, step, walk, depth)
  throw refuseInstance(value, step, walk)
}

/** Named properties of an array are left out, as JSON does. */
function copyArray(value: readonly unknown[], step: Step | undefined, walk: Walk, depth: number): unknown[] {
  const copied: unknown[] = []
  for (let i = 0; i < value.length; i++) {
    const here: Step = { up: step, key: i }
    const entry: unknown = guarded(walk, here, () => value[i])
    if (entry === undefined && !(i in value)) throw refuse(walk, here, 'is a hole in an array', 'fill it with null or undefined')
    copied.push(copy(entry, here, walk, depth))
  }
  return copied
}

function copyProperties<T extends object>(
  value: object,
  keys: readonly string[],
  into: T,
  step: Step | undefined,
  walk: Walk,
  depth: number,
): T {
  for (const key of keys) {
    const here: Step = { up: step, key: { name: key } }
    // superjson refuses these names too: a reader that merges such an object would change every object of its process.
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
      throw refuse(walk, here, `has the name '${key}', which could change the prototype of other objects`, 'rename the property')
    }
    spend(walk, key.length)
    const entry = guarded(walk, here, () => (value as Record<string, unknown>)[key])
    ;(into as Record<string, unknown>)[key] = copy(entry, here, walk, depth)
  }
  return into
}

function copyDate(value: Date, step: Step | undefined, walk: Walk): Date {
  const time = value.getTime()
  if (Number.isNaN(time)) throw refuse(walk, step, 'is an invalid Date', 'check how it was made, or pass null')
  return new Date(time)
}

function copyError(value: Error, step: Step | undefined, walk: Walk, depth: number): Error {
  const keys = ['name', 'message', 'stack', 'code', 'cause'].filter(
    (key) => (value as unknown as Record<string, unknown>)[key] !== undefined,
  )
  return copyProperties(value, keys, Object.create(Error.prototype) as Error, step, walk, depth)
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  // The Object.prototype of another realm: a vm context, as test runners use them.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}

/** Flattening an instance to its fields would look right here and lack its methods in the task, so it is refused. */
function refuseInstance(value: object, step: Step | undefined, walk: Walk): RqtsError {
  const name = className(value)
  if (types.isPromise(value)) return refuse(walk, step, 'is a Promise', 'await it before you enqueue or return it')
  const { toJSON, pipe, getReader } = value as Record<string, unknown>
  if (typeof pipe === 'function' || typeof getReader === 'function') {
    return refuse(walk, step, `is a stream (${name})`, 'read it first, or pass the path or URL of its source')
  }
  const remedy = typeof toJSON === 'function' ? 'pass its JSON or text form' : 'pass a plain object such as { ...value }'
  return refuse(walk, step, `is an instance of ${name}`, `a job stores data, not classes; ${remedy} and rebuild it in the task`)
}

function className(value: object): string {
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' ? name.slice(0, 60) : 'an unnamed class'
}

/** Getters and proxy traps are the user's code: what they throw is reported with its place. */
function guarded<T>(walk: Walk, step: Step | undefined, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RqtsError && (error.code === 'RQTS_BAD_PAYLOAD' || error.code === 'RQTS_PAYLOAD_TOO_LARGE')) throw error
    throw refuse(walk, step, 'cannot be read: its getter or proxy throws', 'pass a plain copy of the data', error)
  }
}

function refuse(walk: Walk, step: Step | undefined, problem: string, remedy: string, cause?: unknown): RqtsError {
  return new RqtsError('RQTS_BAD_PAYLOAD', `${pathText(walk.what, step)} ${problem}: ${remedy}`, { cause })
}

function spend(walk: Walk, bytes: number): void {
  walk.left -= bytes
  if (walk.left < 0) throw tooLarge(walk.what, walk.limitBytes - walk.left, walk.limitBytes, 'at least ')
}
