import { useLayoutEffect, useRef } from 'preact/hooks'

/** `j`, `Escape`, `g o` (one after the other), `mod+k` (⌘ or Ctrl). */
export type Bindings = Readonly<Record<string, (event: KeyboardEvent) => void>>

const layers: { current: Bindings }[] = []
let lead: { key: string; at: number } | undefined
/** How long a `g` waits for its second letter. */
const LEAD_MS = 1_500

addEventListener('keydown', (event) => {
  if (event.isComposing || event.defaultPrevented) return
  const name = keyName(event)
  if (!name.startsWith('mod+') && isTyping(event.target)) return
  // An open dialog has the keyboard for itself.
  if (document.querySelector('dialog[open]') !== null) return
  const pair = lead !== undefined && event.timeStamp - lead.at < LEAD_MS ? `${lead.key} ${name}` : undefined
  lead = undefined
  for (const candidate of pair === undefined ? [name] : [pair, name]) {
    const layer = layers.findLast(({ current }) => candidate in current)
    if (layer === undefined) continue
    event.preventDefault()
    layer.current[candidate]!(event)
    return
  }
  if (name === 'g') lead = { key: name, at: event.timeStamp }
})

function keyName(event: KeyboardEvent): string {
  if (event.metaKey || event.ctrlKey) return `mod+${event.key.toLowerCase()}`
  return event.altKey ? `alt+${event.key}` : event.key
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)
}

/** Keys of a component while it is shown; the newest component that knows a key gets it. */
export function useKeys(bindings: Bindings): void {
  const layer = useRef(bindings)
  layer.current = bindings
  // With the drawing, not after it: who sees the page may press a key at once.
  useLayoutEffect(() => {
    layers.push(layer)
    return () => void layers.splice(layers.indexOf(layer), 1)
  }, [])
}
