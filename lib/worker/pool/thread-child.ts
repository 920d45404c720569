/** Runs in a thread of a worker with `pool: 'threads'`. */
import { parentPort } from 'node:worker_threads'
import { Child } from './child.ts'
import type { ToChild } from './protocol.ts'

const port = parentPort!
const child = new Child({
  send: (message, sent) => {
    port.postMessage(message)
    // A thread's messages are delivered even when it ends right after.
    sent?.()
  },
  exit: (code) => process.exit(code),
})
port.on('message', (message: ToChild) => child.obey(message))
