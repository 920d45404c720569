import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiFailure, said } from './api.ts'
import { bulks, overview } from './live.ts'

export interface Loaded<T> {
  data: T | undefined
  /** Of the last try; the data before it stays on the page. */
  error: ApiFailure | undefined
  loading: boolean
  reload(): void
}

/**
 * Loads what a page shows, again whenever `deps` change, and every `everyMs` in step with the live overview: as long as samples come
 * in, Redis answers and somebody looks, so a hidden or paused page asks for nothing.
 */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[], everyMs?: number): Loaded<T> {
  const [state, setState] = useState<{ data: T | undefined; error: ApiFailure | undefined; loading: boolean }>({
    data: undefined,
    error: undefined,
    loading: true,
  })
  const run = useRef<AbortController | undefined>(undefined)
  const since = useRef(0)
  const loader = useRef(load)
  loader.current = load
  const reload = useCallback(() => {
    run.current?.abort()
    const controller = new AbortController()
    run.current = controller
    since.current = performance.now()
    setState((old) => ({ ...old, loading: true }))
    loader.current(controller.signal).then(
      (data) => controller.signal.aborted || setState({ data, error: undefined, loading: false }),
      (error: unknown) => {
        if (controller.signal.aborted) return
        const failure = error instanceof ApiFailure ? error : new ApiFailure(0, said('FAILED', String(error)))
        setState((old) => ({ ...old, error: failure, loading: false }))
      },
    )
  }, [])
  useEffect(() => {
    reload()
    return () => run.current?.abort()
  }, deps)
  useEffect(() => {
    if (everyMs === undefined) return
    const stopSamples = overview.listen(() => {
      if (performance.now() - since.current >= everyMs) reload()
    })
    // What has just changed many jobs is seen at once.
    const stopBulks = bulks.listen(() => {
      if (bulks.get().some(({ state }) => state !== 'running')) reload()
    })
    return () => {
      stopSamples()
      stopBulks()
    }
  }, [everyMs])
  return { ...state, reload }
}
