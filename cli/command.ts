import type { Context } from './context.ts'
import type { Flag } from './flags.ts'

export const GROUPS = ['Run', 'See', 'Change', 'Set up'] as const

/** One command: what help, completion and the parser need to know, and what it does. */
export interface CommandSpec {
  name: string
  group: (typeof GROUPS)[number]
  summary: string
  /** As commander writes them: `<task> [args...]`. */
  arguments?: string
  /** What help says above the flags, where the summary does not say it all. */
  description?: string
  flags: readonly Flag[]
  /** Command line and what it is for. */
  examples: readonly (readonly [line: string, purpose: string])[]
  /** Global flags that would mean nothing here. */
  without?: readonly string[]
  /** Returns the exit code, 0 when it returns nothing. */
  run(context: Context, args: readonly string[], options: never): Promise<number | undefined> | Promise<void>
}

/** Checks the options' type where a command is written; what comes in was read by its own flags. */
export function command<Options extends object = object>(
  spec: Omit<CommandSpec, 'run'> & {
    run(context: Context, args: readonly string[], options: Options): Promise<number | undefined> | Promise<void>
  },
): CommandSpec {
  return spec as unknown as CommandSpec
}
