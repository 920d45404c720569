import { StringDecoder } from 'node:string_decoder'

const NAMES: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  '\u001b[C': 'right',
  '\u001bOC': 'right',
  '\u001b[D': 'left',
  '\u001bOD': 'left',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\u001b[H': 'home',
  '\u001bOH': 'home',
  '\u001b[1~': 'home',
  '\u001b[F': 'end',
  '\u001bOF': 'end',
  '\u001b[4~': 'end',
  '\u001b[Z': 'shift-tab',
  '\u001b': 'escape',
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
  '\u001a': 'ctrl-z',
}

// With Alt, a key comes behind an escape.
// oxlint-disable-next-line no-control-regex
const KEY = /\u001b\[[0-9;]*[A-Za-z~]|\u001bO[A-Z]|\u001b[^\u001b[O]|[^]/gu
// oxlint-disable-next-line no-control-regex
const UNFINISHED = /\u001b(?:\[[0-9;]*|O)?$/
/** So long after an escape the rest of a key may come; then it was the key Escape. */
const ESCAPE_MS = 50

/**
 * Names of keys out of what the terminal sends, a printable one being its own name. A key of several characters may come in pieces, and
 * must not be taken for others: an arrow ends in a capital letter.
 */
export class Keys {
  readonly #pressed: (key: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''
  #timer: NodeJS.Timeout | undefined

  constructor(pressed: (key: string) => void) {
    this.#pressed = pressed
  }

  hear(data: Buffer): void {
    clearTimeout(this.#timer)
    const text = this.#rest + this.#decoder.write(data)
    this.#rest = UNFINISHED.exec(text)?.[0] ?? ''
    if (this.#rest === '\u001b') this.#timer = setTimeout(() => this.#escape(), ESCAPE_MS)
    for (const key of text.slice(0, text.length - this.#rest.length).match(KEY) ?? []) {
      const name = NAMES[key] ?? key
      if (!name.startsWith('\u001b')) this.#pressed(name)
    }
  }

  #escape(): void {
    this.#rest = ''
    this.#pressed('escape')
  }
}
