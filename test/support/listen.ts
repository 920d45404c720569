import type { Store } from '../../lib/store/store.ts'

/** What is published on some channels, in order. */
export async function listen(store: Store, channels: readonly string[]): Promise<{ next: () => Promise<string>; close: () => void }> {
  const { driver, end } = store.connections.blocking()
  const heard: string[] = []
  const waiting: ((text: string) => void)[] = []
  driver.on('message', (_channel: string, text: string) => {
    const first = waiting.shift()
    if (first) first(text)
    else heard.push(text)
  })
  await driver.subscribe(...channels)
  const next = (): Promise<string> => {
    const text = heard.shift()
    return text === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(text)
  }
  return { next, close: end }
}
