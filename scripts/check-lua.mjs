// Part of `npm run check`: the embedded scripts are up to date, and each .lua file says what it does and stays small.
// That Redis accepts them is proved by the store's tests, which load every one.
import { expandLua, generate, isCode, readGenerated, readLuaFiles } from './lua.mjs'

const HEADER = ['KEYS', 'ARGV', 'Returns', 'Keeps', 'Cost']
const SOFT_LINES = 60
const HARD_LINES = 80

const problems = []
const files = readLuaFiles()
for (const [name, text] of files) checkFile(name, text)
if (problems.length === 0 && generate(files) !== readGenerated())
  problems.push('lib/store/scripts.generated.ts is out of date: run `npm run lua` and commit it')
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

function checkFile(name, text) {
  const report = (line, message) => problems.push(`lib/store/lua/${name}.lua:${line + 1}: ${message}`)
  const lines = text.split('\n')
  if (!name.startsWith('_')) checkHeader(name, lines, report)
  checkGlobals(name, lines, report)
  const size = lines.filter(isCode).length
  if (size > HARD_LINES) report(0, `${size} lines of code, at most ${HARD_LINES}: move a step to a script or fragment of its own`)
  else if (size > SOFT_LINES) console.warn(`lib/store/lua/${name}.lua: ${size} lines of code, better at most ${SOFT_LINES}`)
}

/** `-- name: one sentence.`, then a block for each word of HEADER, before any code. */
function checkHeader(name, lines, report) {
  const end = lines.findIndex(isCode)
  const header = end === -1 ? lines : lines.slice(0, end)
  if (!header[0]?.startsWith(`-- ${name}: `)) report(0, `must open with '-- ${name}: one sentence.'`)
  for (const word of HEADER) {
    if (!header.some((line) => new RegExp(`^--\\s*${word}\\b`).test(line))) report(0, `the header has no '-- ${word}' block`)
  }
}

/** Redis refuses globals only when the line runs; this finds an assignment to a name that no `local`, parameter or loop declares. */
function checkGlobals(name, lines, report) {
  const declarations = [
    /\blocal\s+function\s+(\w+)/g,
    /\bfunction\b[^(\n]*\(([^)]*)\)/g,
    /\blocal\s+([\w ,]+)/g,
    /\bfor\s+([\w ,]+?)\s*(?:=|in\b)/g,
  ]
  const code = expandLua(name, files)
  const declared = new Set(declarations.flatMap((pattern) => [...code.matchAll(pattern)].flatMap((match) => match[1].split(/[\s,]+/))))
  let depth = 0
  for (const [index, line] of lines.entries()) {
    const targets = /^\s*([A-Za-z_]\w*(?:\s*,\s*\w+)*)\s*=[^=]/.exec(line)?.[1] ?? /^\s*function\s+(\w+)/.exec(line)?.[1] ?? ''
    for (const target of depth > 0 ? [] : targets.split(/[\s,]+/)) {
      if (target !== '' && !declared.has(target)) report(index, `'${target}' is assigned but never declared local`)
    }
    // Inside braces it is a field of a table.
    depth += line.split('{').length - line.split('}').length
  }
}
