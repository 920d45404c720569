import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { RqtsConfig } from './define-config.ts'
import { CliError } from './exit-codes.ts'

const NAMES = ['ts', 'js', 'mjs', 'json'].map((extension) => `rqts.config.${extension}`)

/** Fields of a config file besides those that are called like a flag. */
const FIELDS = ['url', 'connection', 'prefix', 'logFormat', 'tasks', 'queues', 'worker'] as const satisfies readonly (keyof RqtsConfig)[]
const WORKER_FIELDS = [
  'burst',
  'captureOutput',
  'concurrency',
  'grace',
  'lease',
  'maxIdle',
  'maxJobs',
  'maxJobsPerChild',
  'maxMemoryPerChild',
  'name',
  'pool',
  'probePort',
  'processes',
  'scheduler',
  'shutdownTimeout',
  'strategy',
  'watch',
] as const satisfies readonly (keyof NonNullable<RqtsConfig['worker']>)[]

export interface LoadedConfig {
  config: RqtsConfig
  /** Undefined when there is none. */
  path?: string
}

/**
 * The file that was named, else the nearest one from `cwd` up to the project's root (where package.json is). `isFlag`: whether a flag
 * of any command goes by that name.
 */
export async function loadConfig(
  cwd: string,
  named: string | undefined,
  isFlag: (field: string) => Promise<boolean>,
): Promise<LoadedConfig> {
  const path = named === undefined ? findConfig(cwd) : resolve(cwd, named)
  if (path === undefined) return { config: {} }
  if (!existsSync(path))
    throw new CliError('RQTS_USAGE', `There is no config file ${path}: give --config (or RQTS_CONFIG) a path that exists`)
  return { config: await checked(await read(path), path, isFlag), path }
}

function findConfig(cwd: string): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return undefined
  }
}

async function read(path: string): Promise<unknown> {
  try {
    if (extname(path) === '.json') return JSON.parse(await readFile(path, 'utf8'))
    const module = (extname(path) === '.ts' ? await importTypeScript(path) : await import(pathToFileURL(path).href)) as {
      default?: unknown
    }
    return module.default
  } catch (cause) {
    throw new CliError(
      'RQTS_USAGE',
      `The config file ${path} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

/** Node reads TypeScript itself from 22.18 on; before, and for syntax that it cannot strip, jiti does. */
async function importTypeScript(path: string): Promise<object> {
  // The config is read before anything of the library is loaded, also by commands that never load a task.
  // oxlint-disable-next-line no-restricted-imports
  const { createJiti } = await import('jiti')
  // A project that runs this command through npx may not have the package itself.
  const alias = { 'rqts/config': fileURLToPath(new URL('./define-config.js', import.meta.url)) }
  const jiti = createJiti(pathToFileURL(path).href, { interopDefault: false, fsCache: false, alias })
  return await jiti.import<object>(path)
}

/** A mistyped field must not be ignored in silence. */
async function checked(value: unknown, path: string, isFlag: (field: string) => Promise<boolean>): Promise<RqtsConfig> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CliError('RQTS_USAGE', `The config file ${path} must export an object: export default defineConfig({ … })`)
  }
  const flags: string[] = []
  for (const field of Object.keys(value)) {
    if (!(FIELDS as readonly string[]).includes(field) && (await isFlag(field))) flags.push(field)
  }
  refuseUnknown(value, FIELDS, `The config file ${path}`, flags)
  const { worker, url, connection } = value as RqtsConfig
  if (url !== undefined && connection !== undefined)
    throw new CliError('RQTS_USAGE', `The config file ${path} has both url and connection: leave one out`)
  if (worker !== undefined) {
    if (typeof worker !== 'object' || worker === null) throw new CliError('RQTS_USAGE', `The config file ${path}: worker must be an object`)
    refuseUnknown(worker, WORKER_FIELDS, `The config file ${path}, in worker,`)
  }
  // As in the library, where a URL is a connection too.
  if (typeof connection === 'string') return { ...value, url: connection, connection: undefined } as RqtsConfig
  if (connection !== undefined && (typeof connection !== 'object' || connection === null || 'call' in connection))
    throw new CliError('RQTS_USAGE', `The config file ${path}: connection must be a URL or plain options`)
  return value
}

function refuseUnknown(value: object, known: readonly string[], where: string, flags?: readonly string[]): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name) && flags?.includes(name) !== true)
  if (unknown === undefined) return
  const also = flags === undefined ? '' : ', and flags, such as maxIdle for --max-idle'
  throw new CliError('RQTS_USAGE', `${where} has the unknown field '${unknown}'; known are ${known.join(', ')}${also}`)
}
