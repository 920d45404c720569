/** The watchdog's thread: see guard.ts. It goes on when the main thread does not. */
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { createLogger } from '../../logger.ts'
import type { ConnectionOption } from '../../store/connect.ts'
import { Store } from '../../store/store.ts'
import { Guard } from './guard.ts'
import type { ToWatchdog, WatchdogInit } from './messages.ts'

const init = workerData as WatchdogInit
const port = parentPort!
// A thread's own streams go through the main thread, which is the one that does not answer.
const logger = createLogger({ stream: { write: (text) => writeSync(2, text) }, color: false })
const store = new Store({ connection: init.connection as ConnectionOption | undefined, prefix: init.prefix })
const guard = new Guard(init, store, {
  over: (blocked) => port.postMessage(blocked),
  warn: ({ ms, culprit }) => logger.warn({ code: 'RQTS_EVENT_LOOP_BLOCKED', ms, ...culprit }, 'The event loop is blocked, and still is'),
  kill: (why) => {
    logger.error({ code: 'RQTS_EVENT_LOOP_BLOCKED' }, why)
    process.kill(process.pid, 'SIGKILL')
  },
})

port.on('message', (message: ToWatchdog) => {
  if (message !== 'stop') return guard.hear(message)
  guard.stop()
  void store.close().finally(() => port.close())
})
port.postMessage('up')
