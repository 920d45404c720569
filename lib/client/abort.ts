interface Hub {
  readonly callbacks: Set<() => void>
  readonly abort: () => void
}

const hubs = new WeakMap<AbortSignal, Hub>()

/** Calls back when the signal aborts; returns how to stop. One listener per signal, however many wait: Node warns of more than ten. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined
  const hub = hubs.get(signal) ?? hubOf(signal)
  hub.callbacks.add(callback)
  return () => {
    hub.callbacks.delete(callback)
    if (hub.callbacks.size > 0) return
    signal.removeEventListener('abort', hub.abort)
    if (hubs.get(signal) === hub) hubs.delete(signal)
  }
}

function hubOf(signal: AbortSignal): Hub {
  const callbacks = new Set<() => void>()
  const abort = (): void => {
    for (const callback of callbacks) callback()
  }
  const hub = { callbacks, abort }
  hubs.set(signal, hub)
  signal.addEventListener('abort', abort, { once: true })
  return hub
}
