import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from './config-file.ts'
import type { RqtsConfig } from './define-config.ts'
import { Flag } from './flags.ts'

/** What every command gets, after all sources were asked. */
export interface Globals {
  url?: string
  prefix: string
  config?: string
  json?: boolean
  quiet?: boolean
  verbose?: boolean
  color: boolean
  logFormat?: 'pretty' | 'json'
}

export interface Settings {
  globals: Globals
  options: Record<string, unknown>
  config: RqtsConfig
  configPath?: string
  /** What variables said, for messages. */
  variables: { name: string; text: string }[]
  /** Where the URL was given, for messages; undefined when the library chooses, RQTS_REDIS_URL first. */
  urlOrigin?: string
}

/**
 * Flag, else `RQTS_…` variable, else config file, else default: for each option by itself. `others`: flags of commands that this
 * program has not loaded, which a config file may name too.
 */
export async function settle(program: Command, command: Command, others: () => Promise<readonly Flag[]> = noFlags): Promise<Settings> {
  // A global flag may stand before the command as well as after it.
  for (const option of program.options) {
    const name = option.attributeName()
    if (program.getOptionValueSource(name) === 'cli' && command.getOptionValueSource(name) !== 'cli') {
      command.setOptionValueWithSource(name, program.getOptionValue(name), 'cli')
    }
  }
  const variables: Settings['variables'] = []
  for (const option of flagsOf(command)) {
    const text = process.env[option.variable]
    if (!text) continue
    offer(command, option, text, option.variable, 'env')
    if (command.getOptionValueSource(option.attributeName()) === 'env') variables.push({ name: option.variable, text })
  }
  const takesConfig = flagsOf(command).some((option) => option.long === '--config')
  const known = async (field: string): Promise<boolean> =>
    field !== 'config' && [...flagsOf(command), ...(await others())].some((option) => fieldOf(option) === field)
  const { config, path } = takesConfig
    ? await loadConfig(process.cwd(), command.getOptionValue('config') as string | undefined, known)
    : { config: {} }
  for (const option of flagsOf(command)) {
    const value = configValue(config, path, command.name(), option)
    if (value !== undefined) offer(command, option, value, `'${fieldOf(option)}' in ${path}`, 'config')
  }
  const options = command.opts<Record<string, unknown>>()
  const settings: Settings = { globals: options as unknown as Globals, options, config, variables }
  if (path !== undefined) settings.configPath = path
  const origin = urlOrigin(command.getOptionValueSource('url'), path)
  if (origin !== undefined) settings.urlOrigin = origin
  return settings
}

function flagsOf(command: Command): Flag[] {
  return command.options.filter((option): option is Flag => option instanceof Flag)
}

function offer(command: Command, option: Flag, value: unknown, origin: string, source: 'env' | 'config'): void {
  const name = option.attributeName()
  const present = command.getOptionValueSource(name)
  if (present !== undefined && present !== 'default') return
  const read = option.read(value, origin)
  // RQTS_NO_COLOR=1 says no; a config file has the name without it, and says `color: false`.
  command.setOptionValueWithSource(name, source === 'env' && option.negate ? read !== true : read, source)
}

/** What a config file calls a flag: its variable, as a name of JavaScript. Those that mean different things have different variables. */
export function fieldOf(flag: Flag): string {
  if (flag.long === '--url') return 'url'
  const words = flag.variable.replace(flag.negate ? 'RQTS_NO_' : 'RQTS_', '').toLowerCase()
  return words.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

async function noFlags(): Promise<readonly Flag[]> {
  return []
}

function configValue(config: RqtsConfig, path: string | undefined, command: string, flag: Flag): unknown {
  const field = fieldOf(flag)
  if (path === undefined || field === 'config') return undefined
  if (field === 'tasks') {
    // `rqts dev` leaves them to its worker, which reads this file too.
    if (command !== 'worker' || config.tasks === undefined) return undefined
    return [config.tasks].flat().map((file) => resolve(dirname(path), file))
  }
  const section = command === 'worker' ? (config.worker as Record<string, unknown> | undefined) : undefined
  return section?.[field] ?? (config as Record<string, unknown>)[field]
}

function urlOrigin(source: string | undefined, configPath: string | undefined): string | undefined {
  if (source === 'cli') return 'from --url'
  return source === 'config' ? `from ${configPath}` : undefined
}
