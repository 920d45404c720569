import type { Overview } from '../../lib/client/inspector.ts'
import type { Context } from '../context.ts'
import { codeOf, EXIT } from '../exit-codes.ts'
import { paint } from '../output/color.ts'
import { headerLine } from '../output/overview.ts'
import { Screen } from '../output/screen.ts'
import { cut, safe, wrap } from '../output/text.ts'
import { messageOf } from '../report.ts'
import { OverviewView } from './overview-view.ts'
import type { Step, View } from './view.ts'

export interface TopOptions {
  everyMs: number
  queues: readonly string[]
}

const MOVES = [
  ['↑ ↓ j k', 'move'],
  ['PgUp PgDn', 'a page'],
  ['g Home, End', 'first, last'],
  ['Esc ⌫ q', 'back; q on the first page ends'],
  ['?', 'these keys'],
  ['Ctrl-C', 'end'],
] as const

/** How long what was done stays in the last line. */
const SAID_MS = 4_000
/** A reading that lasts this many looks at it is slow; a process that stood still itself has looked once. */
const SLOW_LOOKS = 2
const LOOK_MS = 700

/** The program behind `rqts top`: a stack of views, one screen, one clock. Reading goes on behind the keys and never blocks them. */
export class Top {
  readonly #screen = new Screen()
  readonly #views: View[]
  readonly #context: Context
  readonly #options: TopOptions
  readonly #overview: OverviewView
  #said = ''
  #refused = false
  #saidUntil = 0
  #problem: string | undefined
  #help = false
  #reading = false
  #looks = 0
  #again = false
  #timer: NodeJS.Timeout | undefined
  #end: (code: number) => void = () => undefined
  #crash: (error: unknown) => void = () => undefined

  constructor(context: Context, options: TopOptions) {
    this.#context = context
    this.#options = options
    const read = async (): Promise<Overview> => {
      const { overview } = await import('../../lib/client/inspector.ts')
      return await overview(await context.store(), options.queues.length === 0 ? {} : { queues: options.queues })
    }
    this.#overview = new OverviewView({ context, refresh: () => this.#refresh() }, read)
    this.#views = [this.#overview]
  }

  async run(): Promise<number> {
    const ended = new Promise<number>((resolve, reject) => {
      this.#end = resolve
      this.#crash = reject
    })
    // Said on a screen that goes away, a crash would be silent.
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (error) => this.#crash(error))
    await this.#view.load()
    this.#screen.open()
    this.#screen.onKey((key) => this.#press(key))
    this.#screen.onResize(() => this.#refresh())
    this.#draw()
    this.#wait()
    try {
      return await ended
    } finally {
      clearTimeout(this.#timer)
      this.#screen.close()
    }
  }

  get #view(): View {
    return this.#views.at(-1)!
  }

  #wait(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#refresh(), this.#options.everyMs)
  }

  #refresh(): void {
    this.#draw()
    this.#again = this.#reading
    if (!this.#reading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#reading = true
    const look = setInterval(() => {
      this.#looks++
      this.#draw()
    }, LOOK_MS)
    try {
      await this.#view.load()
      this.#problem = undefined
    } catch (error) {
      this.#heed(error)
    }
    clearInterval(look)
    this.#looks = 0
    this.#reading = false
    this.#draw()
    this.#wait()
    if (this.#again) this.#refresh()
  }

  /** What Redis refuses or does not answer is for the last line; anything else is a bug. */
  #heed(error: unknown): void {
    if (!codeOf(error)?.startsWith('RQTS_')) this.#crash(error)
    else if (codeOf(error) === 'RQTS_REDIS_UNAVAILABLE') this.#problem = safe(messageOf(error, this.#context.settings))
    else this.#say(safe(messageOf(error, this.#context.settings)), true)
  }

  #say(text: string, refused = false): void {
    this.#said = text
    this.#refused = refused
    this.#saidUntil = Date.now() + SAID_MS
  }

  #press(key: string): void {
    if (key === 'ctrl-c' || key === 'end-of-input') return this.#end(EXIT.aborted)
    if (key === 'ctrl-z') return this.#screen.suspend(() => this.#refresh())
    const helping = this.#help
    this.#help = key === '?' && !helping
    if (helping || this.#help) return this.#draw()
    if (key === 'q' || key === 'escape' || key === 'backspace') return this.#back(key)
    void this.#act(key)
  }

  #back(key: string): void {
    if (this.#views.length > 1) this.#views.pop()
    else if (key === 'q') return this.#end(EXIT.ok)
    this.#refresh()
  }

  async #act(key: string): Promise<void> {
    try {
      const step = await this.#view.press(key)
      if (step === undefined) return this.#draw()
      this.#take(step)
    } catch (error) {
      this.#heed(error)
      this.#draw()
    }
  }

  #take(step: NonNullable<Step>): void {
    if (step === 'back') this.#views.pop()
    else if ('open' in step) this.#views.push(step.open)
    else this.#say(step.say)
    this.#refresh()
  }

  #draw(): void {
    const { rows, columns } = this.#screen.size
    const { seen } = this.#overview
    const header = seen === undefined ? '' : headerLine(seen, columns)
    const status = this.#status(columns)
    const room = rows - 3 - status.length
    const body = this.#help ? this.#helpLines() : this.#view.lines({ rows: Math.max(1, room), columns })
    const padded = [...body, ...Array.from({ length: Math.max(0, room - body.length) }, () => '')].slice(0, Math.max(0, room))
    this.#screen.draw([header, paint('bold', cut(this.#view.title, columns)), ...padded, ...status, this.#keyLine(columns)])
  }

  #status(columns: number): string[] {
    if (this.#problem !== undefined) return twoLines(this.#problem, columns).map((line) => paint('red', line))
    if (Date.now() < this.#saidUntil) return twoLines(this.#said, columns).map((line) => (this.#refused ? paint('red', line) : line))
    return [this.#looks < SLOW_LOOKS ? '' : paint('yellow', cut('waiting for Redis; what is shown is what it said last', columns))]
  }

  #keyLine(columns: number): string {
    let used = 0
    const shown: string[] = []
    for (const [key, what] of [
      ...this.#view.keys,
      [this.#views.length > 1 ? 'esc' : 'q', this.#views.length > 1 ? 'back' : 'quit'],
      ['?', 'keys'],
    ]) {
      used += key!.length + what!.length + 3
      if (used <= columns) shown.push(`${paint('bold', key!)} ${paint('dim', what!)}`)
    }
    return shown.join('  ')
  }

  #helpLines(): string[] {
    const line = ([key, what]: readonly [string, string]): string => `    ${paint('bold', key.padEnd(14))}${what}`
    const capital = 'A capital letter does what cannot be undone: Shift means that you are sure.'
    return ['', ...MOVES.map(line), '', ...this.#view.keys.map(line), '', `    ${capital}`]
  }
}

/** Why comes last in what is wrong, and behind the first line. */
function twoLines(text: string, columns: number): string[] {
  const [first = '', ...rest] = wrap(text, columns)
  return rest.length === 0 ? [first] : [first, cut(`  ${rest.map((line) => line.trim()).join(' ')}`, columns)]
}
