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
