import { randomBytes } from 'node:crypto'
import { clock } from '../clock.ts'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

let lastMs = -1
let prefix = ''
let counter = 0

/**
 * A ULID: 26 characters that sort by time and, within one process and millisecond, by order of creation.
 * Random bytes are drawn once a millisecond: ids are made several hundred thousand times a second.
 */
export function newJobId(): string {
  const now = clock.now()
  if (now > lastMs) {
    lastMs = now
    const bytes = randomBytes(12)
    prefix = encode(now, 10)
    for (let i = 0; i < 10; i++) prefix += ALPHABET[bytes[i]! & 31]
    counter = bytes.readUInt16BE(10) * 32
  }
  return prefix + encode(counter++, 6)
}

function encode(value: number, length: number): string {
  let text = ''
  for (let rest = value, i = 0; i < length; i++) {
    text = ALPHABET[rest % 32]! + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** A short name for one call or one connection, unique among all processes for as long as it matters. */
export function newToken(): string {
  return randomBytes(9).toString('base64url')
}
