// Makes sure that the packages of package-lock.json are installed, so that each command works in a fresh clone.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../', import.meta.url))

export function ensureModules() {
  if (isInstalled()) return
  console.log('Installing the packages of package-lock.json: npm ci')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci failed: see its output above')
}

/** npm keeps a list of what it installed; packages for other platforms are missing there. */
function isInstalled() {
  const installed = `${root}node_modules/.package-lock.json`
  if (!existsSync(installed)) return false
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages
  const want = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')).packages
  return Object.entries(want).every(([path, entry]) => path === '' || entry.optional || entry.version === have[path]?.version)
}
