import { Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander'
import { VERSION } from '../lib/version.ts'
import { type CommandSpec, GROUPS } from './command.ts'
import { allCommands, commandsFor } from './commands/index.ts'
import { type Settings, settle } from './config.ts'
import { Context } from './context.ts'
import { CliError, EXIT, exitCodeOf } from './exit-codes.ts'
import { Flag, globalFlags } from './flags.ts'
import { disableColor } from './output/color.ts'
import { report } from './report.ts'

/** Runs one command line; resolves with its exit code. Never throws. */
export async function run(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok
  let settings: Settings | undefined
  const program = createProgram(await commandsFor(argv), async (spec, command) => {
    settings = await settle(program, command, async () => (await allCommands()).flatMap(({ flags }) => flags))
    if (!settings.globals.color) disableColor()
    const context = new Context(settings)
    for (const flag of unused(spec)) {
      if (command.getOptionValueSource(flag.attributeName()) === 'cli') context.warn(`${flag.long} changes nothing here`)
    }
    try {
      code = (await spec.run(context, command.args, settings.options as never)) ?? EXIT.ok
    } finally {
      await context.close()
    }
  })
  try {
    await program.parseAsync(spreadFiles(argv), { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError && /^commander\.(help|helpDisplayed|version)$/.test(error.code))
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const { json, verbose, logFormat } = settings?.globals ?? {}
    const problem = mended(error)
    report(problem, { json: json ?? asksForJson(argv), verbose: verbose === true, logFormat }, settings)
    return exitCodeOf(problem)
  }
}

type Act = (spec: CommandSpec, command: Command) => Promise<void>

export function createProgram(commands: readonly CommandSpec[], act: Act): Command {
  const program = new Command('rqts')
  program
    .description('rqts: a typed job queue on nothing but Redis')
    .usage('<command> [options]')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'help for a command: rqts <command> --help')
    .helpCommand('help [command]', 'help for a command')
    .enablePositionalOptions()
    .exitOverride()
    // The report prints errors, in one place and one form.
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ optionDescription: describeOption, subcommandTerm: nameAndArguments, formatHelp })
    .showSuggestionAfterError(true)
  for (const flag of globalFlags()) program.addOption(flag)
  for (const group of GROUPS) {
    for (const spec of commands.filter((one) => one.group === group)) program.addCommand(build(spec, program, act).helpGroup(`${group}:`))
  }
  program.commandsGroup('Set up:').helpCommand(true)
  program.addHelpText('after', `\n${EXAMPLES}\n`)
  return program
}

const EXAMPLES = `Exit codes: 0 ok, 1 failed, 2 usage, 3 Redis unreachable, 4 not found, 5 refused, 130 aborted

Examples:
  rqts init                         a tasks.ts to begin with
  rqts worker                       run jobs of the queue 'default'
  rqts enqueue add :2 :3 --wait     enqueue a job and print its result
  rqts info --watch                 queues and workers, live`

/** Global is global: who gives each command the same of these must not be refused by those that need none, only told. */
const WHERE: readonly string[] = ['--url', '--prefix', '--config']

function shortsOf(spec: CommandSpec): string[] {
  return spec.flags.flatMap((flag) => flag.short ?? [])
}

function unused(spec: CommandSpec): Flag[] {
  return globalFlags(shortsOf(spec)).filter(({ long }) => WHERE.includes(long!) && spec.without?.includes(long!))
}

function build(spec: CommandSpec, parent: Command, act: Act): Command {
  const command = new Command(spec.name).copyInheritedSettings(parent)
  command.summary(spec.summary).description(spec.description === undefined ? spec.summary : `${spec.summary}\n\n${spec.description}`)
  if (spec.arguments !== undefined) command.arguments(spec.arguments)
  for (const flag of spec.flags) command.addOption(flag)
  const globals = globalFlags(shortsOf(spec)).filter((flag) => !spec.without?.includes(flag.long ?? ''))
  for (const flag of globals) command.addOption(flag.helpGroup('Global options:'))
  for (const flag of unused(spec)) command.addOption(new Option(flag.flags).hideHelp())
  command.action(() => act(spec, command))
  const widest = spec.examples.reduce((most, [line]) => Math.max(most, line.length), 0)
  const examples = spec.examples.map(([line, purpose]) => `  ${line.padEnd(widest)}   ${purpose}`)
  if (examples.length > 0) command.addHelpText('after', `\nExamples:\n${examples.join('\n')}\n`)
  return command
}

/** Without the `[options]` that every command has. */
function nameAndArguments(command: Command): string {
  return [
    command.name(),
    ...command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}${one.variadic ? '…' : ''}]`)),
  ].join(' ')
}

/** Of the program itself the commands come first: the flags are the same for all of them. */
function formatHelp(command: Command, helper: Help): string {
  const text = Help.prototype.formatHelp.call(helper, command, helper)
  if (command.parent !== null) return text
  const sections = text.trimEnd().split('\n\n')
  const flags = sections.findIndex((section) => section.startsWith('Options:'))
  return `${[...sections.slice(0, flags), ...sections.slice(flags + 1), sections[flags]].join('\n\n')}\n`
}

/** Default and variable behind each flag. */
function describeOption(option: Option): string {
  if (!(option instanceof Flag)) return Help.prototype.optionDescription.call(new Help(), option)
  const facts: string[] = []
  if (option.argChoices !== undefined) facts.push(option.argChoices.join(' | '))
  if (option.defaultValue !== undefined && !option.isSwitch) facts.push(`default: ${String(option.defaultValue)}`)
  return `${option.description} ${[...facts, option.variable].map((fact) => `[${fact}]`).join(' ')}`
}

/** In our words: commander says 'error: …' itself and has codes of its own. */
function mended(error: unknown): unknown {
  if (!(error instanceof CommanderError || error instanceof InvalidArgumentError)) return error
  return new CliError('RQTS_USAGE', error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?'))
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json')
}

const MODULE = /\.[cm]?[jt]sx?$/

/**
 * `-t a.ts b.ts default`: what looks like a module goes with the flag, the rest are queues. The parser alone would take either one
 * value or all of them.
 */
function spreadFiles(argv: readonly string[]): string[] {
  const result: string[] = []
  let spreading = false
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    if (word === '-t' || word === '--tasks') {
      result.push(word, ...argv.slice(i + 1, i + 2))
      i++
      spreading = true
    } else if (spreading && MODULE.test(word)) {
      result.push('--tasks', word)
    } else {
      spreading = false
      result.push(word)
    }
  }
  return result
}
