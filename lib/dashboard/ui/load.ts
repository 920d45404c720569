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

/** How long a reply may take before the question is asked anew: asked at each beat, one that takes longer than a beat would never come. */
const PATIENCE_MS = 30_000

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
      (data) => {
        if (controller.signal.aborted) return
        run.current = undefined
        setState({ data, error: undefined, loading: false })
      },
      (error: unknown) => {
        if (controller.signal.aborted) return
        run.current = undefined
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
      const rest = run.current === undefined ? everyMs : Math.max(everyMs, PATIENCE_MS)
      if (performance.now() - since.current >= rest) reload()
    })
    // What has just changed many jobs is seen at once.
    let ended = endedBulks()
    const stopBulks = bulks.listen(() => {
      const before = ended
      ended = endedBulks()
      if (ended > before) reload()
    })
    return () => {
      stopSamples()
      stopBulks()
    }
  }, [everyMs])
  return { ...state, reload }
}

function endedBulks(): number {
  return bulks.get().filter(({ state }) => state !== 'running').length
}
