import { styleText } from 'node:util'

type OneStyle = Exclude<Parameters<typeof styleText>[0], readonly unknown[]>
export type Style = OneStyle | readonly OneStyle[]

/** Whether a stream takes colours is asked once: a large table has ten thousand cells. */
let colored = new WeakMap<object, boolean>()

/** Coloured when the stream is a terminal; NO_COLOR and FORCE_COLOR are honoured. */
export function paint(style: Style | undefined, text: string, stream: object = process.stdout): string {
  if (style === undefined || text === '' || !isColored(stream)) return text
  // One at a time: Node 20 asks the stream only when it is given a single style.
  return [style].flat().reduce<string>((painted, one) => styleText(one, painted, { stream: stream as NodeJS.WriteStream }), text)
}

function isColored(stream: object): boolean {
  const known = colored.get(stream)
  if (known !== undefined) return known
  const asked = styleText('red', 'x', { stream: stream as NodeJS.WriteStream }) !== 'x'
  colored.set(stream, asked)
  return asked
}

/** For `--no-color`. FORCE_COLOR would win over NO_COLOR, and a flag wins over both. */
export function disableColor(): void {
  process.env['NO_COLOR'] = '1'
  delete process.env['FORCE_COLOR']
  colored = new WeakMap()
}
