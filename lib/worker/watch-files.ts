import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

/** Editors write a file in several steps, and a build several files. */
const SETTLE_MS = 100

/** Calls once after each burst of changes to the files or to others of their folders. Returns what ends it. */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const folders = new Set(paths.map((path) => dirname(resolve(path))))
  // The folders: a file that is replaced, as many editors do, would not be watched any more.
  const watchers = [...folders].map(
    (folder): FSWatcher =>
      watch(folder, (_, name) => {
        if (name !== null && !/\.[cm]?[jt]sx?$|\.json$/.test(basename(name))) return
        clearTimeout(timer)
        timer = setTimeout(changed, SETTLE_MS)
      }),
  )
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
