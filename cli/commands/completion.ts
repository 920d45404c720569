import { type CommandSpec, command } from '../command.ts'
import { CliError } from '../exit-codes.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const completion: CommandSpec = command({
  name: 'completion',
  group: 'Set up',
  summary: 'completion of commands and flags for your shell',
  arguments: '<bash|zsh|fish>',
  flags: [],
  without: ['--url', '--prefix', '--config', '--json', '--quiet', '--log-format'],
  examples: [
    ['eval "$(rqts completion bash)"', 'in ~/.bashrc'],
    ['eval "$(rqts completion zsh)"', 'in ~/.zshrc, after compinit'],
    ['rqts completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  async run(context, [shell = '']) {
    const words = await wordsOfCommands()
    const scripts: Record<string, () => string> = { bash: () => bash(words), zsh: () => zsh(words), fish: () => fish(words) }
    const script = scripts[shell]
    if (script === undefined) throw new CliError('RQTS_USAGE', `Completion is for ${SHELLS.join(', ')}; got '${shell}'`)
    context.print(script())
  },
})

interface CommandWords {
  name: string
  summary: string
  flags: { long: string; short?: string; description: string }[]
}

async function wordsOfCommands(): Promise<CommandWords[]> {
  const { createProgram } = await import('../program.ts')
  const program = createProgram(async () => undefined)
  return program.commands.map((one) => ({
    name: one.name(),
    summary: quotable(one.summary()),
    flags: one.options.map((option) => ({
      long: option.long ?? '',
      ...(option.short !== undefined && { short: option.short }),
      description: quotable(option.description),
    })),
  }))
}

/** Between single quotes in every shell. */
function quotable(text: string): string {
  return text.replaceAll("'", '’').replaceAll('\n', ' ')
}

function bash(words: readonly CommandWords[]): string {
  const cases = words.map(({ name, flags }) => `    ${name}) words="${flags.map(({ long }) => long).join(' ')}" ;;`)
  return `_rqts() {
  local word=\${COMP_WORDS[COMP_CWORD]} words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in ${words.map(({ name }) => name).join('|')}) break ;; esac
  done
  case \${COMP_WORDS[i]} in
${cases.join('\n')}
    *) words="${words.map(({ name }) => name).join(' ')} help --help --version" ;;
  esac
  ((i == COMP_CWORD)) && words="${words.map(({ name }) => name).join(' ')} help --help --version"
  [[ $word == -* || $i == $COMP_CWORD ]] || words=
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _rqts rqts`
}

function zsh(words: readonly CommandWords[]): string {
  const escape = (text: string): string => text.replace(/[[\]:]/g, '\\$&')
  const cases = words.map(
    ({ name, flags }) =>
      `    ${name}) _arguments ${flags.map(({ long, description }) => `'${long}[${escape(description)}]'`).join(' ')} '*:file:_files' ;;`,
  )
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
    list.map(({ long, short, description }) => {
      const letter = short === undefined ? '' : ` -s ${short.slice(1)}`
      return `complete -c rqts -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)}${letter} -d '${description}'`
    }),
  )
  return [...names, ...flags].join('\n')
}
