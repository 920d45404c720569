import type { CustomNext } from './spec.ts'

// Of the whole process: whoever ticks here must find what `schedule()` was given there, whichever copy of this library that was.
const KEY = Symbol.for('rqts.customSchedules')
const shared = globalThis as { [KEY]?: Map<string, CustomNext> }
shared[KEY] ??= new Map()
const functions: Map<string, CustomNext> = shared[KEY]

/** Schedules with a `next` of their own, by prefix and name. */
export const customSchedules = {
  set(prefix: string, name: string, next: CustomNext): void {
    functions.set(`${prefix} ${name}`, next)
  },
  get(prefix: string, name: string): CustomNext | undefined {
    return functions.get(`${prefix} ${name}`)
  },
  delete(prefix: string, name: string): void {
    functions.delete(`${prefix} ${name}`)
  },
  any(prefix: string): boolean {
    for (const key of functions.keys()) if (key.startsWith(`${prefix} `)) return true
    return false
  },
}
