import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type CommandSpec, command } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { safe } from '../output/text.ts'

/** The files of docs/getting-started.md, which goes on from here. */
const TASKS = `// Tasks are plain exported functions; each is known by its name.

export function add(a: number, b: number): number {
  return a + b
}

export async function greet(name: string): Promise<string> {
  return \`Hello, \${name}!\`
}

/** Dates, maps, sets and big integers go to the worker and come back as what they are. */
export function daysLater(start: Date, days: number): Date {
  return new Date(start.getTime() + days * 86_400_000)
}
`

const APP = `import { Queue } from 'rqts'
import { add, daysLater, greet } from './tasks.ts'

const queue = new Queue()

const sum = await queue.enqueue(add, [2, 3])
const greeting = await queue.enqueue(greet, ['Ada'])
const due = await queue.enqueueIn('1s', daysLater, [new Date('2027-01-01'), 31])

// Each result has the type that its function returns: number, string, Date.
console.log('add(2, 3) =', await sum.result())
console.log('greet("Ada") =', await greeting.result())
console.log('daysLater(2027-01-01, 31), a second later =', (await due.result()).toISOString())

await queue.close()
`

const CONFIG = `import { defineConfig } from 'rqts/config'

export default defineConfig({
  tasks: './tasks.ts',
  queues: ['default'],
  worker: { concurrency: 10 },
})
`

const SCRIPTS = { dev: 'rqts dev', worker: 'rqts worker', queues: 'rqts top' } as const

interface Written {
  file: string
  /** `kept`: it was there, and nothing was changed. */
  what: 'written' | 'changed' | 'kept'
}

export const init: CommandSpec = command<{ dryRun?: boolean }>({
  name: 'init',
  group: 'Set up',
  summary: 'write tasks.ts, app.ts, rqts.config.ts, package scripts',
  description: 'In the working directory. What is there already stays as it is; app.ts comes only with the tasks.ts that it calls.',
  flags: [new Flag('--dry-run', 'say what would be written, and write nothing')],
  without: ['--url', '--prefix', '--config'],
  examples: [['rqts init', 'then: rqts dev, and in another terminal rqts enqueue add :2 :3 --wait']],
  async run(context, _args, options) {
    const dryRun = options.dryRun === true
    const tasks = await write('tasks.ts', TASKS, dryRun)
    const app = tasks.what === 'written' ? [await write('app.ts', APP, dryRun)] : []
    const results = [tasks, ...app, await write('rqts.config.ts', CONFIG, dryRun), await addScripts(dryRun)]
    const next = [
      '',
      'Next:',
      '  npx rqts dev                        Redis if none runs, worker, scheduler, dashboard; reloads on save',
      '  npx rqts enqueue add :2 :3 --wait   in another terminal: prints 5',
      ...(app.length > 0 ? [`  ${`${usesPnpm() ? 'pnpm dlx' : 'npx'} jiti app.ts`.padEnd(33)}   the same from a program`] : []),
    ]
    context.result(
      { dryRun, files: results },
      context.quiet ? [] : [...results.map(({ file, what }) => `${what.padEnd(8)} ${safe(file)}`), ...next],
    )
  },
})

async function write(file: string, text: string, dryRun: boolean): Promise<Written> {
  const path = resolve(file)
  if (existsSync(path)) return { file, what: 'kept' }
  // Made by another program in between, it must still not be overwritten.
  if (!dryRun) await writeFile(path, text, { flag: 'wx' })
  return { file, what: 'written' }
}

/**
 * Adds the scripts that are missing; the rest of package.json stays, with its own indentation. One that `npm install` has made in an
 * empty folder says nothing else: without a type, compilers would take app.ts for CommonJS and refuse its `await`.
 */
async function addScripts(dryRun: boolean): Promise<Written> {
  const file = 'package.json'
  const path = resolve(file)
  if (!existsSync(path)) {
    const fresh = { name: packageName(), private: true, type: 'module', scripts: SCRIPTS }
    return await write(file, `${JSON.stringify(fresh, null, 2)}\n`, dryRun)
  }
  const text = await readFile(path, 'utf8')
  const present = parse(text, path)
  const before = present.scripts ?? {}
  const missing = Object.entries(SCRIPTS).filter(([name]) => !(name in before))
  const bare = Object.keys(present).every((name) => name === 'dependencies' || name === 'devDependencies')
  if (missing.length === 0 && !bare) return { file, what: 'kept' }
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  '
  const added = { ...(bare && { type: 'module' }), ...present, scripts: { ...before, ...Object.fromEntries(missing) } }
  if (!dryRun) await writeFile(path, `${JSON.stringify(added, null, indent)}\n`)
  return { file, what: 'changed' }
}

/** It links the programs of an app's own dependencies only, and jiti comes with one of them. */
function usesPnpm(): boolean {
  for (let at = process.cwd(); ; at = dirname(at)) {
    if (existsSync(join(at, 'pnpm-lock.yaml'))) return true
    if (dirname(at) === at) return false
  }
}

function parse(text: string, path: string): { scripts?: Record<string, string> } {
  try {
    return JSON.parse(text) as { scripts?: Record<string, string> }
  } catch (cause) {
    throw new CliError('RQTS_CLI', `${path} is not JSON, so no scripts can be added to it: ${(cause as Error).message}`, { cause })
  }
}

function packageName(): string {
  return (
    basename(process.cwd())
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+/, '') || 'app'
  )
}
