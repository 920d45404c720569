// `node scripts/ui.mjs DIST`, a part of the build: the dashboard's pages into DIST/lib/dashboard/assets, one script, one style sheet and
// one document that ask nobody else for anything.
// Vite because vitest brings it anyway; it bundles, compiles JSX and minifies without another compiler in the tree.
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { root } from './modules.mjs'

/** What a first visit may load, compressed. */
const MAX_GZIP_BYTES = 80_000

const parent = join(resolve(process.argv[2] ?? `${root}dist`), 'lib/dashboard')
const outDir = join(parent, 'assets')
// What an earlier build left under other names.
rmSync(outDir, { recursive: true, force: true })
await build({
  configFile: false,
  root: join(root, 'lib/dashboard/ui'),
  // Relative to the page, which the server has one level above the assets, so that both work under any path they are mounted at.
  base: './',
  logLevel: 'warn',
  publicDir: false,
  build: {
    outDir: parent,
    emptyOutDir: false,
    assetsDir: 'assets',
    target: 'es2022',
    // A data: URL would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})

renameSync(join(parent, 'index.html'), join(outDir, 'index.html'))

const bytes = readdirSync(outDir).reduce((sum, name) => sum + gzipSync(readFileSync(join(outDir, name))).length, 0)
if (bytes > MAX_GZIP_BYTES) {
  console.error(`The dashboard's assets take ${bytes} bytes compressed, at most ${MAX_GZIP_BYTES}`)
  process.exitCode = 1
}
