// `node scripts/readme.mjs [--check]`: puts the example files and the state table into the documents that show them, so that what
// is printed is what is compiled and tested. With --check it only says what differs.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const documents = ['README.md', 'lib/README.md', 'docs/workflows.md', 'docs/routing.md']
const check = process.argv.includes('--check')
const { BIRTH, TRANSITIONS } = await import(pathToFileURL(join(root, 'dist/lib/job/state.js')).href)

let stale = 0
for (const document of documents) {
  const path = join(root, document)
  const before = readFileSync(path, 'utf8')
  const after = fillStates(fillSnippets(before))
  if (before === after) continue
  if (check) console.error(`${document} does not show what the sources say: run node scripts/readme.mjs`)
  else writeFileSync(path, after)
  stale++
}
if (check && stale > 0) process.exit(1)

function fillSnippets(text) {
  return text.replace(
    /(<!-- snippet: (\S+) -->\n```\w*\n)[\s\S]*?```/g,
    (_, head, file) => `${head}${readFileSync(join(root, file), 'utf8')}\`\`\``,
  )
}

function fillStates(text) {
  return text.replace(/<!-- states -->\n(?:\|.*\n)*/g, `<!-- states -->\n${stateTable()}`)
}

function stateTable() {
  const rows = [`| enqueue | – | ${BIRTH.join(' · ')} |`]
  for (const [event, moves] of Object.entries(TRANSITIONS)) {
    const byEnd = new Map()
    for (const [from, to] of Object.entries(moves)) byEnd.set(to.join(' · '), [...(byEnd.get(to.join(' · ')) ?? []), from])
    for (const [to, from] of byEnd) rows.push(`| ${event} | ${from.join(' · ')} | ${to} |`)
  }
  return `| event | from | to |\n|---|---|---|\n${rows.join('\n')}\n`
}
