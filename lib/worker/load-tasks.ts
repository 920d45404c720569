import { stat } from 'node:fs/promises'
import { extname, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { RqtsError } from '../errors.ts'
import type { AnyFunction } from '../task/infer.ts'
import type { TaskRegistry } from '../task/registry.ts'
import { definitionOfTask } from '../task/task.ts'

/** A file to import, a module that is already there, or a single task. */
export type TaskSource = string | object | AnyFunction

export interface LoadOptions {
  /** What relative paths are relative to. */
  cwd: string
  /**
   * Read the files anew although they have been imported before. TypeScript that needs jiti is read anew with its
   * TypeScript imports; of JavaScript only the file itself, since Node never forgets a module.
   */
  fresh?: boolean
}

export interface LoadedTasks {
  /** The file, or which entry of the list it was. */
  source: string
  names: string[]
  /** Plain functions of these names are hooks of the process, not tasks; a `task('setup', …)` is a task. */
  setup?: Hook
  teardown?: Hook
}

type Hook = () => unknown

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs']
const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx'])

/** Imports the files one after the other and registers what they export. */
export async function loadTaskModules(
  sources: readonly TaskSource[],
  registry: TaskRegistry,
  options: LoadOptions,
): Promise<LoadedTasks[]> {
  const loaded: LoadedTasks[] = []
  for (const [i, source] of sources.entries()) {
    if (typeof source === 'string') {
      const path = await locate(source, options.cwd)
      loaded.push(addModule(await importModule(path, options.fresh === true), registry, path, relativeTo(options.cwd, path)))
    } else if (typeof source === 'function') {
      const before = new Set(registry.names())
      registry.add(source as AnyFunction, undefined, `tasks[${i}]`)
      loaded.push({ source: `tasks[${i}]`, names: registry.names().filter((name) => !before.has(name)) })
    } else {
      loaded.push(addModule(source, registry, `tasks[${i}]`, `tasks[${i}]`))
    }
  }
  return loaded
}

function addModule(module: object, registry: TaskRegistry, source: string, place: string): LoadedTasks {
  const hooks: Pick<LoadedTasks, 'setup' | 'teardown'> = {}
  const tasks = Object.fromEntries(
    Object.entries(module)
      .map(([name, value]: [string, unknown]) => {
        // What CommonJS modules export as a whole.
        const whole = (name === 'default' || name === 'module.exports') && typeof value === 'object' && value !== null
        return [name, whole ? Object.fromEntries(Object.entries(value).filter((entry) => !takeHook(entry, hooks))) : value]
      })
      .filter((entry) => !takeHook(entry as [string, unknown], hooks)),
  )
  return { source, names: registry.addModule(tasks, place), ...hooks }
}

function takeHook([name, value]: [string, unknown], hooks: Pick<LoadedTasks, 'setup' | 'teardown'>): boolean {
  if ((name !== 'setup' && name !== 'teardown') || typeof value !== 'function' || definitionOfTask(value) !== undefined) return false
  hooks[name] = value as Hook
  return true
}

/** A module of the user's other than a task file, imported in the same way. */
export async function importFile(path: string, options: LoadOptions): Promise<object> {
  return await importModule(await locate(path, options.cwd), options.fresh === true)
}

/** The files of the list as absolute paths. */
export async function locateAll(paths: readonly string[], cwd: string): Promise<string[]> {
  return await Promise.all(paths.map((path) => locate(path, cwd)))
}

/** The module that is loaded when none is named: `tasks.*`, else `src/tasks.*`. */
export async function findTaskModules(cwd: string): Promise<{ found: string[]; searched: string[] }> {
  const searched = ['tasks', 'src/tasks'].flatMap((name) => EXTENSIONS.map((extension) => name + extension))
  for (const candidate of searched) {
    if (await isFile(resolve(cwd, candidate))) return { found: [resolve(cwd, candidate)], searched }
  }
  return { found: [], searched }
}

async function locate(source: string, cwd: string): Promise<string> {
  const path = source.startsWith('file://') ? fileURLToPath(source) : resolve(cwd, source)
  const candidates = EXTENSIONS.includes(extname(path)) ? [path] : [path, ...EXTENSIONS.map((extension) => path + extension)]
  for (const candidate of candidates) if (await isFile(candidate)) return candidate
  throw new RqtsError(
    'RQTS_TASK_FILE',
    `There is no task file '${source}': looked for ${candidates.join(', ')}. Give a path relative to ${cwd}, or an absolute one`,
  )
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true
}

let generation = 0

/**
 * Node first: it shares the module with the program that runs the worker, and where it (or a loader such as tsx)
 * reads TypeScript itself nothing else is needed. jiti only when Node says that it cannot read the file.
 */
async function importModule(path: string, fresh: boolean): Promise<object> {
  const typescript = TYPESCRIPT.has(extname(path))
  try {
    if (typescript && fresh) return await importWithJiti(path, fresh)
    const url = pathToFileURL(path).href
    return (await import(fresh ? `${url}?fresh=${++generation}` : url)) as object
  } catch (error) {
    if (!typescript || fresh || !isLoaderError(error)) throw fileError(path, error)
    return await importWithJiti(path, fresh).catch((fromJiti: unknown) => {
      throw fileError(path, fromJiti)
    })
  }
}

async function importWithJiti(path: string, fresh: boolean): Promise<object> {
  const { createJiti } = await import('jiti')
  // No cache on disk: its place is a directory in /tmp that other users of the machine can write to.
  const jiti = createJiti(pathToFileURL(path).href, {
    interopDefault: false,
    fsCache: false,
    moduleCache: !fresh,
    tsconfigPaths: true,
    jsx: true,
  })
  return await jiti.import<object>(path)
}

/** Node could not read or link the file, so none of its code has run yet and a second attempt is safe. */
function isLoaderError(error: unknown): boolean {
  // A type imported like a value, which is no export once types are stripped.
  if (error instanceof SyntaxError) return error.message.includes('does not provide an export named')
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && LOADER_ERRORS.has(code)
}

const LOADER_ERRORS: ReadonlySet<string> = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
])

function fileError(path: string, cause: unknown): RqtsError {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  return new RqtsError('RQTS_TASK_FILE', `The task file ${path} could not be imported. ${reason.slice(0, 2_000)}`, { cause })
}

function relativeTo(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short.startsWith('..') ? path : short
}
