import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaskRegistry } from '../../lib/task/registry.ts'
import { defineTask } from '../../lib/task/task.ts'
import { findTaskModules, loadTaskModules } from '../../lib/worker/load-tasks.ts'

const dist = fileURLToPath(new URL('../../dist/lib/', import.meta.url))
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rqts-load-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function project(name: string, files: Record<string, string>): Promise<string> {
  const dir = join(root, name)
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true })
    await writeFile(join(dir, file), text)
  }
  return dir
}

/** In a plain Node, as the CLI runs it: the test runner would read TypeScript by itself. */
async function inNode(cwd: string, body: string): Promise<unknown> {
  const script = `
    import { writeFileSync } from 'node:fs'
    import { loadTaskModules, findTaskModules } from ${JSON.stringify(pathToFileURL(join(dist, 'worker/load-tasks.js')).href)}
    import { TaskRegistry } from ${JSON.stringify(pathToFileURL(join(dist, 'task/registry.js')).href)}
    import * as library from ${JSON.stringify(pathToFileURL(join(dist, 'task/task.js')).href)}
    const cwd = process.cwd()
    const registry = new TaskRegistry()
    const load = async (...paths) => { await loadTaskModules(paths, registry, { cwd }); return registry }
    const failure = (promise) => promise.then(() => null, (error) => ({ code: error.code, message: error.message, cause: String(error.cause) }))
    console.log(JSON.stringify(await (async () => { ${body} })()))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd })
  return JSON.parse(stdout) as unknown
}

describe('findTaskModules', () => {
  const searched = ['tasks.ts', 'tasks.mts', 'tasks.js', 'tasks.mjs', 'src/tasks.ts', 'src/tasks.mts', 'src/tasks.js', 'src/tasks.mjs']

  test.each<[string, string[], string | undefined]>([
    ['the first of several', ['tasks.js', 'tasks.ts', 'src/tasks.ts'], 'tasks.ts'],
    ['one in src', ['src/tasks.mjs'], 'src/tasks.mjs'],
    ['no directory', ['tasks.ts/x.js'], undefined],
    ['nothing', ['other.ts'], undefined],
  ])('finds %s', async (name, files, found) => {
    const dir = await project(`find ${name}`, Object.fromEntries(files.map((file) => [file, ''])))
    expect(await findTaskModules(dir)).toEqual({ found: found === undefined ? [] : [join(dir, found)], searched })
  })
})

describe('loadTaskModules', () => {
  test('takes modules and tasks that are there already', async () => {
    const registry = new TaskRegistry()
    const task = defineTask('t', () => 1)
    const loaded = await loadTaskModules([{ add: () => 1, version: 1 }, task], registry, { cwd: root })
    expect(loaded).toEqual([
      { source: 'tasks[0]', names: ['add'] },
      { source: 'tasks[1]', names: ['t'] },
    ])
    expect(registry.get('add')?.place).toBe('tasks[0], export add')
  })

  test('a file that is not there: what was looked for', async () => {
    const load = loadTaskModules(['jobs/tasks'], new TaskRegistry(), { cwd: root })
    await expect(load).rejects.toThrow(
      expect.objectContaining({
        code: 'RQTS_TASK_FILE',
        message: `There is no task file 'jobs/tasks': looked for ${['', '.ts', '.mts', '.js', '.mjs'].map((extension) => join(root, 'jobs/tasks') + extension).join(', ')}. Give a path relative to ${root}, or an absolute one`,
      }),
    )
  })
})

describe('in a plain Node', () => {
  test('reads JavaScript and TypeScript of every kind', async () => {
    const cwd = await project('kinds', {
      'a.js': 'exports.fromJs = () => 1',
      'b.mjs': 'export const fromMjs = () => 2',
      'c.cjs': 'module.exports = { fromCjs() { return 3 } }',
      'd.ts': `import { helper } from './helper.js'
        import { Colour, type Unused } from './helper'
        enum Level { Low = 4 }
        export const fromTs = async (): Promise<number> => Level.Low + helper(Colour.Red) + (await 0)`,
      'helper.ts':
        'export interface Unused {}\nexport enum Colour { Red }\nexport function helper(colour: Colour): number { return colour }',
      'e.mts': 'await Promise.resolve()\nexport function fromMts(this: { id: string }): string { return this.id }',
      'f.tsx': 'export const fromTsx = <T,>(x: T): T => x',
      'esm/package.json': '{"type":"module"}',
      'esm/g.ts': "import { where } from '@/where'\nexport const fromAlias = () => where",
      'esm/lib/where.ts': "export const where: string = 'lib'",
      'esm/tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["./lib/*"]}}}',
    })
    const results = await inNode(
      cwd,
      `await load('a.js', 'b', './c.cjs', 'd', 'e.mts', 'f.tsx', 'esm/g.ts', cwd + '/b.mjs')
       const run = (name) => Reflect.apply(registry.get(name).handler, { id: 'x' }, [9])
       return [registry.names(), await run('fromTs'), run('fromCjs'), run('fromMts'), run('fromTsx'), run('fromAlias'), registry.get('fromTs').place]`,
    )
    const names = ['fromAlias', 'fromCjs', 'fromJs', 'fromMjs', 'fromMts', 'fromTs', 'fromTsx']
    expect(results).toEqual([names, 4, 3, 'x', 9, 'lib', 'd.ts, export fromTs'])
  })

  test('a module and the process that loads it share one library', async () => {
    const cwd = await project('shared', {
      'node_modules/rqts/package.json': '{"name":"rqts","type":"module","exports":"./index.js"}',
      'node_modules/rqts/index.js': `export * from ${JSON.stringify(pathToFileURL(join(dist, 'task/task.js')).href)}`,
      'tasks.ts':
        "import { defineTask } from 'rqts'\nenum No { Strip }\nexport const add = defineTask('math.add', (a: number) => a)\nexport const library = { defineTask }",
      'linked/tasks.ts': "import { defineTask } from 'rqts'\nexport const same = defineTask('same', () => defineTask)",
    })
    await mkdir(join(cwd, 'linked/node_modules'))
    await symlink(join(cwd, 'node_modules/rqts'), join(cwd, 'linked/node_modules/rqts'))
    const results = await inNode(
      cwd,
      `await load('tasks.ts', 'linked/tasks.ts')
       return [registry.names(), registry.get('same').handler() === library.defineTask, registry.get('math.add').place.replace(cwd, '')]`,
    )
    expect(results).toEqual([['math.add', 'same'], true, '/tasks.ts:3'])
  })

  test('fresh: reads a changed file anew', async () => {
    const cwd = await project('fresh', { 'tasks.ts': '', 'dep.ts': '', 'plain.mjs': '' })
    const results = await inNode(
      cwd,
      `const seen = []
       for (const n of [1, 2]) {
         writeFileSync('dep.ts', 'export const n: number = ' + n)
         writeFileSync('tasks.ts', 'import { n } from "./dep.ts"; export const get = () => [' + n + ', n]')
         writeFileSync('plain.mjs', 'export const plain = () => ' + n)
         const registry = new TaskRegistry()
         await loadTaskModules(['tasks.ts', 'plain.mjs'], registry, { cwd, fresh: true })
         seen.push(registry.get('get').handler(), registry.get('plain').handler())
       }
       return seen`,
    )
    expect(results).toEqual([[1, 1], 1, [2, 2], 2])
  })

  test('errors: the file, what happened, and the cause', async () => {
    const cwd = await project('errors', {
      'syntax.ts': 'export const a: = 3',
      'missing.ts': "import x from 'nope-package'\nexport { x }",
      'throws.ts': "throw new TypeError('at load')",
      'throws.mjs': 'globalThis.times = (globalThis.times ?? 0) + 1\nthrow null',
      'syntax.mjs': 'export const = 1',
      'twice.ts': `import { defineTask } from ${JSON.stringify(pathToFileURL(join(dist, 'task/task.js')).href)}\nexport const a = defineTask('same', () => 1)\nexport const b = defineTask('same', () => 2)`,
      'option.ts': `import { defineTask } from ${JSON.stringify(pathToFileURL(join(dist, 'task/task.js')).href)}\nexport const a = defineTask({ name: 'x', timeout: 'soon' }, () => 1)`,
    })
    const results = (await inNode(
      cwd,
      `const found = {}
       for (const file of ['syntax.ts', 'missing.ts', 'throws.ts', 'throws.mjs', 'syntax.mjs', 'twice.ts', 'option.ts']) found[file] = await failure(load(file))
       return { ...found, times: globalThis.times }`,
    )) as Record<string, { code: string; message: string; cause: string }>
    for (const file of ['syntax.ts', 'missing.ts', 'throws.ts', 'throws.mjs', 'syntax.mjs']) {
      expect(results[file]).toMatchObject({ code: 'RQTS_TASK_FILE', message: expect.stringContaining(join(cwd, file)) as string })
    }
    expect(results['syntax.ts']?.message).toMatch(/syntax\.ts:1:/)
    expect(results['missing.ts']?.message).toContain("Cannot find module 'nope-package'")
    expect(results['throws.ts']).toMatchObject({
      message: expect.stringContaining('TypeError: at load') as string,
      cause: 'TypeError: at load',
    })
    expect(results['throws.mjs']?.message).toMatch(/could not be imported\. null/)
    expect(results['times']).toBe(1)
    expect(results['twice.ts']).toMatchObject({
      code: 'RQTS_DUPLICATE_TASK',
      message: expect.stringMatching(/twice\.ts:2, one at .*twice\.ts:3/) as string,
    })
    expect(results['option.ts']).toMatchObject({
      code: 'RQTS_TASK_FILE',
      message: expect.stringContaining('RqtsError: timeout must be a duration') as string,
    })
  })
})
