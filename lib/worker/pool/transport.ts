import { fork } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { entryOf } from '../entry.ts'
import type { FromChild, ToChild } from './protocol.ts'

export interface TransportEvents {
  message(message: FromChild): void
  /** Once. `how` completes "its process …". */
  exit(how: string): void
}

/** A child process or a thread, as its worker sees it. */
export interface Transport {
  readonly pid?: number
  send(message: ToChild): void
  /** Ends it whatever it does, also in the middle of a `for (;;) {}`. */
  kill(): void
}

export type Launch = (events: TransportEvents) => Transport

export interface LaunchOptions {
  /** `advanced` carries what JSON cannot, such as the certificates of a connection; JSON is quicker. */
  serialization: 'json' | 'advanced'
  /** Threads only: the heap at which one is ended. */
  maxHeapMb?: number
}

/** What children print goes where this process prints; for a program whose stdout is data, to stderr. */
let childStdout: 'inherit' | 2 = 'inherit'

export function divertChildStdout(): void {
  childStdout = 2
}

export function launchProcess({ serialization }: LaunchOptions): Launch {
  return (events) => {
    const child = fork(entryOf('pool/process-child'), [], {
      serialization,
      execArgv: ownExecArgv(),
      stdio: ['ignore', childStdout, 'inherit', 'ipc'],
    })
    let exited = false
    const exit = (how: string): void => {
      if (!exited) events.exit(how)
      exited = true
    }
    child.on('message', (message) => events.message(message as FromChild))
    child.on('exit', (code, signal) => exit(signal === null ? `ended with exit code ${code}` : `was killed by signal ${signal}`))
    child.on('error', (error) => {
      if (child.pid === undefined) exit(`could not be started: ${error.message}`)
    })
    return {
      ...(child.pid !== undefined && { pid: child.pid }),
      // A child that is going away says so itself: a message that does not arrive is no error of its own.
      send: (message) => void (child.connected && child.send(message)),
      kill: () => void child.kill('SIGKILL'),
    }
  }
}

export function launchThread({ maxHeapMb }: LaunchOptions): Launch {
  return (events) => {
    const limits = maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }
    const thread = new Worker(entryOf('pool/thread-child'), limits)
    let why: string | undefined
    thread.on('message', (message) => events.message(message as FromChild))
    thread.on('error', (error) => {
      why = `ended with ${error.name}: ${error.message}`
    })
    thread.on('exit', (code) => events.exit(why ?? `ended with exit code ${code}`))
    return {
      send: (message) => thread.postMessage(message),
      kill: () => void thread.terminate(),
    }
  }
}

/** Loaders such as tsx come along; a debugger's port can be had only once. */
function ownExecArgv(): string[] {
  return process.execArgv.filter((argument) => !/^--(inspect|test|eval|print)|^-[ep]$/.test(argument))
}
