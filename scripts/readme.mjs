// `node scripts/readme.mjs [--check]`: puts the example files and the state table into the documents that show them, so that what
// is printed is what is compiled and tested. With --check it only says what differs.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const guides = readdirSync(join(root, 'docs'), { recursive: true }).filter((file) => file.endsWith('.md'))
const documents = ['README.md', 'lib/README.md', ...guides.map((file) => join('docs', file))]
const check = process.argv.includes('--check')
const { BIRTH, TRANSITIONS } = await import(pathToFileURL(join(root, 'dist/lib/job/state.js')).href)

let stale = 0
for (const document of documents) {
  const path = join(root, document)
  const before = readFileSync(path, 'utf8')
  const loose = before.match(/(?<!-->\n)^```ts$/m)
  if (loose) {
    console.error(
      `${document} has a TypeScript snippet that is not taken from a file that is compiled: ${before.slice(loose.index, loose.index + 60)}`,
    )
    process.exitCode = 1
  }
  const after = fillStates(fillSnippets(before))
  if (before === after) continue
  if (check) console.error(`${document} does not show what the sources say: run node scripts/readme.mjs`)
  else writeFileSync(path, after)
  stale++
}
if (check && stale > 0) process.exit(1)

function fillSnippets(text) {
  return text.replace(
    /(<!-- snippet: (\S+?)(?:#(\S+))? -->\n```\w*\n)[\s\S]*?```/g,
    (_, head, file, region) => `${head}${snippet(file, region)}\`\`\``,
  )
}

/** A whole file, or what stands between `// #region NAME` and `// #endregion` in it. */
function snippet(file, region) {
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  const isMark = (line) => /^\s*\/\/ #(end)?region\b/.test(line)
  if (region === undefined) return lines.filter((line) => !isMark(line)).join('\n')
  const from = lines.findIndex((line) => line.trim() === `// #region ${region}`)
  const to = lines.findIndex((line, at) => at > from && line.trim() === '// #endregion')
  if (from === -1 || to === -1) throw new Error(`${file} has no region ${region}`)
  const inside = lines.slice(from + 1, to).filter((line) => !isMark(line))
  const indent = Math.min(...inside.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
  return `${inside.map((line) => line.slice(indent)).join('\n')}\n`
}

function fillStates(text) {
  // The empty line ends the table: without it the paragraph below would be its last row.
  return text.replace(/<!-- states -->\n(?:\|.*\n)*\n*/g, `<!-- states -->\n${stateTable()}\n`)
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
