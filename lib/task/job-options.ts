import { type JobOptions, type NormalOptions, normalizeOptions, type TaskJobOptions } from '../job/options.ts'
import type { TaskDefinition } from './task.ts'

/**
 * The options that a job gets: its own win over its task's, and those over its queue's.
 * Most jobs bring none of their own, and then nothing is computed. Treat what comes back as frozen.
 */
export function jobOptions(definition?: TaskDefinition, queueDefaults?: JobOptions, options?: JobOptions): NormalOptions {
  if (options === undefined && queueDefaults === undefined) return definition?.normal ?? normalizeOptions(undefined)
  if ((definition === undefined && queueDefaults === undefined) || !isObject(options)) return normalizeOptions(options)
  const merged: Record<string, unknown> = {}
  for (const layer of [queueDefaults, definition?.defaults, options]) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      // `undefined` was not given, and must not hide the layer below.
      if (value !== undefined) merged[name] = value
    }
  }
  // `delay` and `runAt` are two ways to say one thing: a job that says one takes back its queue's other one.
  if (options?.runAt !== undefined && options.delay === undefined) delete merged['delay']
  if (options?.delay !== undefined && options.runAt === undefined) delete merged['runAt']
  const fromTask = merged['retry'] !== undefined && merged['retry'] === definition?.defaults.retry
  return normalizeOptions(merged as TaskJobOptions, { taskLevel: fromTask })
}

function isObject(options: JobOptions | undefined): boolean {
  return options === undefined || (typeof options === 'object' && options !== null)
}
