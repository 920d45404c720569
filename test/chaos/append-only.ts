import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { RequestParser } from '../support/resp.ts'
import { every } from '../support/servers.ts'

/**
 * Every word of every whole call in the append-only files of a server. As long as they are not rewritten this is all that was ever
 * written, over all restarts.
 */
export function wordsWritten(dir: string): Set<string> {
  const folder = join(dir, 'appendonlydir')
  const files = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'))
  const found: string[] = []
  for (const file of files) {
    let transaction: string[] | undefined
    for (const { words } of new RequestParser().add(readFileSync(join(folder, file)))) {
      const command = words[0]!.toUpperCase()
      // A transaction without its end is one that a kill has cut; Redis leaves it out.
      if (command === 'MULTI') transaction = []
      else if (command === 'EXEC') found.push(...(transaction ?? []))
      else (transaction ?? found).push(...words)
      if (command === 'EXEC') transaction = undefined
    }
  }
  return new Set(found)
}

/** Keeps the disk under a folder busy, so that a fsync takes long there; until the returned function is called. */
export function occupyDisk(dir: string): () => Promise<void> {
  const folder = mkdtempSync(join(dir, 'ballast-'))
  const bytes = Buffer.alloc(8_000_000)
  const loops = Array.from({ length: 3 }, (_, n) =>
    every(0, async () => {
      const file = await open(join(folder, String(n)), 'w')
      for (let part = 0; part < 16; part++) await file.write(bytes)
      await file.sync()
      await file.close()
    }),
  )
  return async () => {
    await Promise.all(loops.map((end) => end()))
    rmSync(folder, { recursive: true, force: true })
  }
}
