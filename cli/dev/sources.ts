import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { watchFiles } from '../../lib/worker/watch-files.ts'

const MAX_FOLDERS = 500
const NOT_SOURCES = new Set(['node_modules', 'dist', 'build', 'coverage'])

/** Calls after changes to code anywhere in the project; folders that come later are seen from the next change on. */
export async function watchSources(root: string, changed: () => void): Promise<() => void> {
  let end = await watchFolders(root, () => void again())
  let ended = false
  const again = async (): Promise<void> => {
    const before = end
    end = await watchFolders(root, () => void again())
    before()
    if (ended) end()
    else changed()
  }
  return () => {
    ended = true
    end()
  }
}

async function watchFolders(root: string, changed: () => void): Promise<() => void> {
  const folders = [root]
  for (let i = 0; i < folders.length && folders.length < MAX_FOLDERS; i++) {
    const entries = await readdir(folders[i]!, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (entry.isDirectory() && !entry.name.startsWith('.') && !NOT_SOURCES.has(entry.name)) folders.push(join(folders[i]!, entry.name))
    }
  }
  // It watches the folders of files.
  return watchFiles(
    folders.slice(0, MAX_FOLDERS).map((folder) => join(folder, '*')),
    changed,
  )
}
