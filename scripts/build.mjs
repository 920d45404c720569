// `npm run build`: the Lua scripts into TypeScript, lib/ and cli/ into dist/, the dashboard's pages into its assets.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { root } from './modules.mjs'

/** Throws when the compiler finds an error. */
export function build() {
  const dist = `${root}dist`
  // Built beside and swapped in, so that a running test never sees half a package.
  const next = `${dist}.next-${process.pid}`
  const old = `${dist}.old-${process.pid}`
  try {
    execute('scripts/lua.mjs', [])
    execute('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.json', '--outDir', next])
    execute('scripts/ui.mjs', [next])
    const main = `${next}/cli/main.js`
    if (existsSync(main)) chmodSync(main, 0o755)
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(next, dist)
  } finally {
    for (const folder of [next, old]) rmSync(folder, { recursive: true, force: true })
  }
}

function execute(script, args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${script} failed: see its output above`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    build()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
