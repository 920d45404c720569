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

/** Flag, else `RQTS_…` variable, else config file, else default: for each option by itself. */
export async function settle(program: Command, command: Command): Promise<Settings> {
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
  const takesConfig = command.options.some((option) => option.long === '--config')
  const { config, path } = takesConfig
    ? await loadConfig(process.cwd(), command.getOptionValue('config') as string | undefined)
    : { config: {} }
  for (const option of flagsOf(command)) {
    const value = configValue(config, path, command.name(), option.attributeName())
    if (value !== undefined) offer(command, option, value, `'${option.attributeName()}' in ${path}`, 'config')
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

function configValue(config: RqtsConfig, path: string | undefined, command: string, name: string): unknown {
  if (name === 'url' || name === 'prefix' || name === 'logFormat') return config[name]
  if (command !== 'worker' || path === undefined) return undefined
  if (name === 'tasks') return config.tasks === undefined ? undefined : [config.tasks].flat().map((file) => resolve(dirname(path), file))
  return (config.worker as Record<string, unknown> | undefined)?.[name]
}

function urlOrigin(source: string | undefined, configPath: string | undefined): string | undefined {
  if (source === 'cli') return 'from --url'
  return source === 'config' ? `from ${configPath}` : undefined
}
