import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { allCommands } from '../../cli/commands/index.ts'
import { globalFlags } from '../../cli/flags.ts'
import { createProgram } from '../../cli/program.ts'

const commands = await allCommands()
const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = [
  'README.md',
  'examples/README.md',
  'lib/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
]

/** Without its code blocks, in which brackets are no links and `#` is no heading. */
function prose(page: string): string {
  return readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '')
}

/** As GitHub makes them; a heading that comes twice is not linked to. */
function anchorsOf(page: string): Set<string> {
  const headings = [...prose(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, text]) => text!)
  return new Set(
    headings.map((text) =>
      text
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function brokenLinks(page: string): string[] {
  const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [path, anchor] = target.split('#', 2) as [string, string?]
    const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
    if (!existsSync(file)) return true
    if (anchor === undefined) return false
    return statSync(file).isDirectory() || !anchorsOf(relative(root, file)).has(anchor)
  })
}

/** What is typed after `rqts`, in blocks for a shell and in `code`, up to a comment. */
function commandLines(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = [...text.matchAll(/^```(?:sh|dockerfile)?\n([\s\S]*?)^```/gm)].flatMap(([, body]) => body!.split('\n'))
  const spans = [...prose(page).matchAll(/`([^`\n]+)`/g)].map(([, body]) => body!.replaceAll('\\|', '|'))
  return [...blocks, ...spans].flatMap((line) => /^(?:npx )?rqts (.*)$/.exec(line.replace(/\s+#.*$/, '').trim())?.[1] ?? [])
}

function words(line: string): string[] {
  return (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))
}

const flags = [...globalFlags(), ...commands.flatMap((command) => command.flags)]
const names = new Set(commands.map(({ name }) => name))
const longFlags = new Set([...flags.map((flag) => flag.long), '--help', '--version'])

describe.each(pages)('%s', (page) => {
  it('links to files and headings that exist', () => {
    expect(brokenLinks(page)).toEqual([])
  })

  it('shows command lines that the command line takes', async () => {
    for (const line of commandLines(page)) {
      if (line.endsWith('--help')) continue
      if (names.has(line)) continue
      const program = createProgram(commands, () => Promise.resolve())
      await expect(program.parseAsync(words(line), { from: 'user' }), line).resolves.toBe(program)
    }
  })

  // Those pages name the flags of others beside ours.
  it.skipIf(page.includes('coming-from'))('names flags that exist', () => {
    const own = [...prose(page).matchAll(/`(--[a-z][a-z-]*)[^`]*`/g)].map(([, flag]) => flag!)
    expect(own.filter((flag) => !longFlags.has(flag))).toEqual([])
  })
})
