import { InvalidArgumentError, Option } from 'commander'

export interface FlagRules<T> {
  default?: T
  /** Default: `RQTS_` and the flag in capitals. */
  variable?: string
  parse?: (text: string) => T
  choices?: readonly string[]
  /** May be given several times, one value each. */
  repeat?: boolean
}

/** A flag that an environment variable can give too, and that help shows with both. */
export class Flag extends Option {
  readonly variable: string
  readonly #many: boolean

  constructor(flags: string, description: string, rules: FlagRules<unknown> = {}) {
    super(flags, description)
    const { parse, repeat = false } = rules
    this.#many = this.variadic || repeat
    this.variable = rules.variable ?? `RQTS_${(this.long ?? '').slice(2).replaceAll('-', '_').toUpperCase()}`
    if (rules.default !== undefined) this.default(rules.default)
    if (rules.choices !== undefined) this.choices(rules.choices)
    else if (this.#many) this.argParser<unknown[]>((text, before) => [...(before ?? []), parse === undefined ? text : parse(text)])
    else if (parse !== undefined) this.argParser(parse)
  }

  /** Takes no value. Commander's own `isBoolean` leaves out `--no-…`. */
  get isSwitch(): boolean {
    return !this.required && !this.optional
  }

  /** From a variable or a config file, in the way the command line is read. */
  read(value: unknown, origin: string): unknown {
    if (this.isSwitch) return truth(value, origin)
    if (this.optional && typeof value === 'boolean') return value
    const texts =
      this.#many && !Array.isArray(value)
        ? String(value)
            .split(/[\s,]+/)
            .filter(Boolean)
        : [value].flat().map(String)
    try {
      let result: unknown
      for (const text of texts) result = this.parseArg === undefined ? text : this.parseArg(text, result as never)
      return result
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(`${origin} is invalid: ${error.message}`)
      throw error
    }
  }
}

function truth(value: unknown, origin: string): boolean {
  if (typeof value === 'boolean') return value
  const text = String(value).toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(text)) return true
  if (['0', 'false', 'no', 'off'].includes(text)) return false
  throw new InvalidArgumentError(`${origin} is invalid: say 1 or 0, not '${String(value).slice(0, 60)}'`)
}

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} is expected` : `a whole number from ${min} to ${max} is expected`,
    )
  }
}

/** Flags of every command. `-q` is left out where it names a queue. */
export function globalFlags(taken: readonly string[] = []): Flag[] {
  const quiet = taken.includes('-q') ? '--quiet' : '-q, --quiet'
  return [
    new Flag(
      '-u, --url <url>',
      "Redis: redis://user:password@host:port/db, rediss://…, redis+sentinel://, redis+cluster://, or a unix socket (default: REDIS_URL, else the project's own server, else redis://127.0.0.1:6379)",
      {
        variable: 'RQTS_REDIS_URL',
      },
    ),
    new Flag('--prefix <prefix>', 'what all keys begin with', { default: 'rqts' }),
    new Flag('--config <file>', 'config file (default: the nearest rqts.config.{ts,js,mjs,json})'),
    new Flag('--json', 'one JSON value on stdout, nothing else there'),
    new Flag(quiet, 'only results and errors'),
    new Flag('-v, --verbose', 'more detail'),
    new Flag('--no-color', 'no colours (NO_COLOR and FORCE_COLOR are honoured too)'),
    new Flag('--log-format <format>', 'log lines and errors: pretty or json', { choices: ['pretty', 'json'] }),
  ]
}
