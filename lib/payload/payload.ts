import { RqtsError } from '../errors.ts'
import { checkedCopy } from './checked-copy.ts'
import { datePaths } from './dated.ts'
import { plainBudget } from './plain.ts'
import { corrupt, tooLarge } from './refusal.ts'
import { isRich, readRich, writeDated, writeRich } from './rich.ts'

/** Of UTF-8, per value: arguments, result, meta or progress. */
export const DEFAULT_PAYLOAD_LIMIT = 1_048_576

/**
 * A value as the text that Redis keeps: plain JSON when that carries it exactly, else superjson's form.
 * `what` names the value in errors, which give the path inside it: `args[1].user.callback is a function`.
 */
export function encode(value: unknown, what: string, limitBytes: number = DEFAULT_PAYLOAD_LIMIT): string {
  if (Array.isArray(value) && value.length === 0) return '[]'
  const text = plainText(value, limitBytes) ?? datedText(value, limitBytes) ?? richText(value, what, limitBytes)
  // Three bytes of UTF-8 per UTF-16 unit is the most there can be, so short texts need no counting.
  if (text.length * 3 > limitBytes) {
    const bytes = Buffer.byteLength(text)
    if (bytes > limitBytes) throw tooLarge(what, bytes, limitBytes)
  }
  return text
}

/** The way back. A text that `encode` cannot have written is an error with code `RQTS_CORRUPT`. */
export function decode(text: string): unknown {
  if (text === '[]') return []
  try {
    return isRich(text) ? readRich(text) : (JSON.parse(text) as unknown)
  } catch (error) {
    if (error instanceof RqtsError) throw error
    throw corrupt(text, 'it is not JSON, so something other than rqts wrote or cut it')
  }
}

function plainText(value: unknown, limitBytes: number): string | undefined {
  try {
    if (plainBudget(value, 0, limitBytes) < 0) return undefined
    const text = JSON.stringify(value)
    return isRich(text) ? undefined : text
  } catch {
    // A getter or a proxy threw: the checked copy says where.
    return undefined
  }
}

function datedText(value: unknown, limitBytes: number): string | undefined {
  try {
    const paths = datePaths(value, limitBytes)
    return paths && Object.keys(paths).length > 0 ? writeDated(value, paths) : undefined
  } catch {
    return undefined
  }
}

function richText(value: unknown, what: string, limitBytes: number): string {
  const checked = checkedCopy(value, what, limitBytes)
  try {
    return writeRich(checked)
  } catch (error) {
    throw new RqtsError('RQTS_BAD_PAYLOAD', `The ${what} cannot be stored: pass plain data instead`, { cause: error })
  }
}
