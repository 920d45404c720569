import { EXIT } from './exit-codes.ts'

type SignalHandler = (signal: NodeJS.Signals) => void

let handler: SignalHandler = () => process.exit(EXIT.aborted)

/** A command that has something to finish takes the signals over. */
export function onSignal(take: SignalHandler): void {
  handler = take
}

export function listenForSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => handler(signal))
}

/** Whoever read the log is gone, which is a way of saying stop; a disk that is full is `broken`. Neither is a reason to crash. */
export function onLogEnd(stop: (broken: boolean) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error')
    stream.once('error', ({ code }: NodeJS.ErrnoException) => stop(code !== 'EPIPE' && code !== 'EIO')).on('error', () => undefined)
  }
}
