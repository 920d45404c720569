import { useEffect, useReducer } from 'preact/hooks'

/** A value that components follow. */
export interface Cell<T> {
  get(): T
  set(value: T): void
  listen(listener: () => void): () => void
}

export function cell<T>(initial: T): Cell<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const listener of listeners) listener()
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

export function useCell<T>(source: Cell<T>): T {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const value = source.get()
  useEffect(() => {
    // It may have changed between drawing and listening.
    if (!Object.is(value, source.get())) redraw(undefined)
    return source.listen(() => redraw(undefined))
  }, [source])
  return value
}
