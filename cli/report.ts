import type { Settings } from './config.ts'
import { codeOf, EXIT, exitCodeOf } from './exit-codes.ts'
import { paint } from './output/color.ts'
import { userFrame } from './output/stack.ts'
import { writeOut } from './output/stdout.ts'
import { safe, safeLines } from './output/text.ts'

export interface ReportOptions {
  json: boolean
  verbose: boolean
  logFormat?: 'pretty' | 'json' | undefined
}

/** Says once, plainly, what went wrong: to people on stderr and, with `--json`, to programs on stdout. */
export function report(error: unknown, options: ReportOptions, settings?: Settings): void {
  const code = codeOf(error)
  const message = messageOf(error, settings) + variableBehind(error, settings) + placeOf(error)
  if (options.json) writeOut(`${JSON.stringify({ error: { code: code ?? null, message } })}\n`)
  if (options.logFormat === 'json') {
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: 'error', code, msg: safe(message) })}\n`)
    return
  }
  const label = paint(['red', 'bold'], 'error:', process.stderr)
  const tag = code === undefined || !code.startsWith('RQTS_') ? '' : ` ${paint('dim', `[${code}]`, process.stderr)}`
  process.stderr.write(`${label} ${safeLines(message).join('\n')}${tag}\n`)
  if (options.verbose || isUnexpected(error)) process.stderr.write(stackOf(error))
}

/** The library only knows that it was given a URL; the command line knows by what. */
export function messageOf(error: unknown, settings: Settings | undefined): string {
  const message = error instanceof Error ? error.message : String(error)
  const origin = settings?.urlOrigin
  return origin === undefined ? message : message.replace('(given)', `(${origin})`)
}

/** Of a task file that threw while it was imported, where. */
function placeOf(error: unknown): string {
  const place = codeOf(error) === 'RQTS_TASK_FILE' ? userFrame((error as Error).cause) : undefined
  return place === undefined ? '' : ` (${place})`
}

/** A variable that somebody has forgotten is a riddle, so it is named. */
function variableBehind(error: unknown, settings: Settings | undefined): string {
  if (exitCodeOf(error) !== EXIT.usage || !(error instanceof Error)) return ''
  const { message } = error
  const found = settings?.variables.find(
    ({ name, text }) => !message.includes(name) && ["'", '"', '`'].some((mark) => message.includes(mark + text + mark)),
  )
  return found === undefined ? '' : ` (it comes from ${found.name})`
}

function isUnexpected(error: unknown): boolean {
  return error instanceof Error && !/^(RQTS_|commander\.)/.test(codeOf(error) ?? '')
}

function stackOf(error: unknown): string {
  const lines: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const [first = '', ...frames] = safeLines(at.stack ?? at.message)
    lines.push(depth === 0 ? first : `caused by ${first}`, ...frames)
  }
  return lines.map((line) => `${paint('dim', line, process.stderr)}\n`).join('')
}
