/** Runs in a child process of a worker with `pool: 'processes'`. */
import { Worker } from 'node:worker_threads'
import { Child } from './child.ts'
import type { ToChild } from './protocol.ts'

// The terminal sends these to the whole group; the worker decides for its children.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGTSTP'] as const) process.on(signal, () => undefined)

const child = new Child({
  send: (message, sent) => process.send?.(message, undefined, undefined, sent),
  exit: (code) => process.exit(code),
})
process.on('message', (message: ToChild) => child.obey(message))
// The worker is gone, and someone else will run its jobs.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

/** A handler that blocks hears of no disconnect. */
const GUARD = `
const { workerData } = require('node:worker_threads')
setInterval(() => process.ppid === workerData || process.kill(process.pid, 'SIGKILL'), 1000)`
new Worker(GUARD, {
  eval: true,
  workerData: process.ppid,
  resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
}).unref()
