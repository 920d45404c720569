import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError } from '../exit-codes.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const completion: CommandSpec = command({
  name: 'completion',
  group: 'Set up',
  summary: 'completion of commands, flags and names for your shell',
  arguments: '<bash|zsh|fish>',
  description: 'Names of queues, tasks, workers and schedules are asked of Redis while you type; when it is away, there are none.',
  flags: [],
  without: ['--json', '--quiet', '--log-format'],
  examples: [
    ['eval "$(rqts completion bash)"', 'in ~/.bashrc'],
    ['eval "$(rqts completion zsh)"', 'in ~/.zshrc, after compinit'],
    ['rqts completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  async run(context, [shell = '']) {
    if (KINDS.includes(shell as Kind)) return await printNames(context, shell as Kind)
    const words = await wordsOfCommands()
    const scripts: Record<string, () => string> = { bash: () => bash(words), zsh: () => zsh(words), fish: () => fish(words) }
    const script = scripts[shell]
    if (script === undefined) throw new CliError('RQTS_USAGE', `Completion is for ${SHELLS.join(', ')}; got '${shell}'`)
    context.print(script())
  },
})

const KINDS = ['queues', 'tasks', 'workers', 'schedules'] as const
type Kind = (typeof KINDS)[number]

/** What the arguments of a command name. */
const ARGUMENTS: Readonly<Record<Kind, readonly string[]>> = {
  queues: ['worker', 'dev', 'info', 'top', 'empty', 'pause', 'resume'],
  tasks: ['enqueue'],
  workers: ['stop', 'workers'],
  schedules: ['schedule'],
}
/** What a flag takes. */
const VALUES: Readonly<Partial<Record<Kind, readonly string[]>>> = { queues: ['-q', '--queue'], tasks: ['--task'], workers: ['--worker'] }
const FIXED: Readonly<Record<string, string>> = {
  schedule: 'ls show run pause resume skip rm',
  redis: 'start stop status',
  completion: 'bash zsh fish',
}

/** Somebody waits for it while typing. */
const PATIENCE_MS = 1_500
const MOST_NAMES = 1_000

/** For the scripts: a name per line, and not a word when there is nothing to tell. */
async function printNames(context: Context, kind: Kind): Promise<void> {
  // Loading our own code is no fault of the server.
  await import('../../lib/client/inspector.ts')
  const late = new Promise<string[]>((resolve) => setTimeout(() => resolve([]), PATIENCE_MS).unref())
  const names = await Promise.race([readNames(context, kind).catch(() => []), late])
  context.print(...names.slice(0, MOST_NAMES))
}

async function readNames(context: Context, kind: Kind): Promise<string[]> {
  const { knownTaskNames, listQueues, listWorkers } = await import('../../lib/client/inspector.ts')
  const store = await context.store()
  if (kind === 'queues') return await listQueues(store)
  if (kind === 'tasks') return (await knownTaskNames(store)).map(({ name }) => name)
  if (kind === 'workers') return (await listWorkers(store)).map(({ name }) => name)
  const { Schedules } = await import('../../lib/client/schedules.ts')
  return (await new Schedules(store).list()).map(({ name }) => name)
}

interface CommandWords {
  name: string
  summary: string
  flags: { long: string; short?: string; description: string; choices?: readonly string[] }[]
}

async function wordsOfCommands(): Promise<CommandWords[]> {
  const [{ createProgram }, { allCommands }] = await Promise.all([import('../program.ts'), import('./index.ts')])
  const program = createProgram(await allCommands(), async () => undefined)
  return program.commands.map((one) => ({
    name: one.name(),
    summary: quotable(one.summary()),
    flags: one.options.map((option) => ({
      long: option.long ?? '',
      ...(option.short !== undefined && { short: option.short }),
      description: quotable(option.description),
      ...(option.argChoices !== undefined && { choices: option.argChoices }),
    })),
  }))
}

/** Between single quotes in every shell. */
function quotable(text: string): string {
  return text.replaceAll("'", '’').replaceAll('\n', ' ')
}

function bash(words: readonly CommandWords[]): string {
  const names = `${words.map(({ name }) => name).join(' ')} help --help --version`
  const cases = words.map(({ name, flags }) => `    ${name}) words="${flags.map(({ long }) => long).join(' ')}" ;;`)
  const fixed = Object.entries(FIXED).map(([name, list]) => `    ${name}) words="${list}" ;;`)
  const byChoice = words.flatMap(({ name, flags }) =>
    flags.flatMap(({ long, short, choices }) => {
      const written = [long, short].flatMap((flag) => (flag === undefined ? [] : `'${name} ${flag}'`))
      return choices === undefined ? [] : `    ${written.join('|')}) words="${choices.join(' ')}" ;;`
    }),
  )
  const byFlag = Object.entries(VALUES).map(([kind, flags]) => `    ${flags.join('|')}) kind=${kind} ;;`)
  const byCommand = Object.entries(ARGUMENTS).map(([kind, list]) => `      ${list.join('|')}) kind=${kind} ;;`)
  return `_rqts() {
  local word=\${COMP_WORDS[COMP_CWORD]} words= kind= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in ${words.map(({ name }) => name).join('|')}) break ;; esac
  done
  case \${COMP_WORDS[COMP_CWORD - 1]} in
${byFlag.join('\n')}
  esac
  case "\${COMP_WORDS[i]} \${COMP_WORDS[COMP_CWORD - 1]}" in
${byChoice.join('\n')}
  esac
  if [[ -n $words ]]; then :
  elif ((i == COMP_CWORD)); then words="${names}"
  elif [[ -z $kind && $word == -* ]]; then case \${COMP_WORDS[i]} in
${cases.join('\n')}
    esac
  elif [[ -z $kind ]]; then
    ((i + 1 == COMP_CWORD)) && case \${COMP_WORDS[i]} in
${fixed.join('\n')}
    esac
    [[ -z $words ]] && case \${COMP_WORDS[i]} in
${byCommand.join('\n')}
    esac
  fi
  [[ -n $kind ]] && words=$(rqts completion $kind 2>/dev/null)
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _rqts rqts`
}

function kindOf(table: Readonly<Partial<Record<Kind, readonly string[]>>>, name: string): Kind | undefined {
  return KINDS.find((kind) => table[kind]?.includes(name))
}

function zsh(words: readonly CommandWords[]): string {
  const escape = (text: string): string => text.replace(/[[\]:]/g, '\\$&')
  const ask = (kind: Kind): string => `{compadd -- \${(f)"$(rqts completion ${kind} 2>/dev/null)"}}`
  const flag = ({ long, description, choices }: CommandWords['flags'][number]): string => {
    const kind = kindOf(VALUES, long)
    const value = choices !== undefined ? `:${long.slice(2)}:(${choices.join(' ')})` : kind === undefined ? '' : `:${kind}:${ask(kind)}`
    return `'${long}[${escape(description)}]${value}'`
  }
  const rest = (name: string): string => {
    const kind = kindOf(ARGUMENTS, name)
    const first = FIXED[name] === undefined ? '' : `'2:action:(${FIXED[name]})' `
    return first + (kind === undefined ? "'*:file:_files'" : `'*:${kind}:${ask(kind)}'`)
  }
  const cases = words.map(({ name, flags }) => `    ${name}) _arguments ${flags.map(flag).join(' ')} ${rest(name)} ;;`)
  return `#compdef rqts
_rqts() {
  if ((CURRENT == 2)); then
    local -a names=(${words.map(({ name, summary }) => `'${name}:${summary}'`).join(' ')})
    _describe command names
    return
  fi
  case $words[2] in
${cases.join('\n')}
  esac
}
compdef _rqts rqts`
}

function fish(words: readonly CommandWords[]): string {
  const names = words.map(({ name, summary }) => `complete -c rqts -n __fish_use_subcommand -f -a ${name} -d '${summary}'`)
  const flags = words.flatMap(({ name, flags: list }) =>
    list.map(({ long, short, description, choices }) => {
      const letter = short === undefined ? '' : ` -s ${short.slice(1)}`
      const value = choices === undefined ? '' : ` -x -a '${choices.join(' ')}'`
      return `complete -c rqts -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)}${letter}${value} -d '${description}'`
    }),
  )
  const ask = (kind: string): string => `-f -a '(rqts completion ${kind} 2>/dev/null)'`
  const args = Object.entries(ARGUMENTS).map(
    ([kind, list]) => `complete -c rqts -n '__fish_seen_subcommand_from ${list.join(' ')}' ${ask(kind)}`,
  )
  const values = Object.entries(VALUES).map(([kind, list]) => `complete -c rqts -l ${list.at(-1)!.slice(2)} -r ${ask(kind)}`)
  const fixed = Object.entries(FIXED).map(([name, list]) => `complete -c rqts -n '__fish_seen_subcommand_from ${name}' -f -a '${list}'`)
  return [...names, ...flags, ...args, ...values, ...fixed].join('\n')
}
