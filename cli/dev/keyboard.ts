import { Keys } from '../output/keys.ts'

/** One key at a time, without Enter. Nothing where there is no keyboard. */
export function listenToKeys(pressed: (key: string) => void): () => void {
  const { stdin } = process
  if (!stdin.isTTY) return () => undefined
  const restore = (): void => void (stdin.isTTY && stdin.setRawMode(false))
  stdin.setRawMode(true)
  process.on('exit', restore)
  const keys = new Keys(pressed)
  const heard = (data: Buffer): void => keys.hear(data)
  stdin.on('data', heard)
  return () => {
    stdin.off('data', heard)
    stdin.pause()
    restore()
    process.off('exit', restore)
  }
}
