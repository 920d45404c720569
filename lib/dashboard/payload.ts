import { redactUrl } from '../redact.ts'
import type { PayloadView } from './contract.ts'

export interface RedactContext {
  part: 'args' | 'result' | 'meta' | 'progress' | 'error' | 'logs'
  task: string
  queue: string
  id: string
}

export interface RedactOptions {
  /** Names of fields whose values are hidden, at any depth. Default: `/password|secret|token|authorization|api_?key/i`. `false` hides none. */
  keys?: RegExp | readonly string[] | false
  /** What to show instead of a value; its result goes through `keys` too. Errors and log lines come as text. */
  value?: (value: unknown, context: RedactContext) => unknown
}

export interface NormalRedaction {
  hides: (name: string) => boolean
  value: RedactOptions['value']
}

export const HIDDEN = '•••'
const KEYS = /pass(?:word|wd|phrase)|secret|token|authorization|api_?key/i
/** What a page shows of a value; the whole is a download. */
const MAX_SHOWN = 16_384
const MAX_DEPTH = 40
const MAX_NODES = 100_000

export function normalizeRedaction({ keys = KEYS, value }: RedactOptions = {}): NormalRedaction {
  if (keys === false) return { hides: () => false, value }
  if (keys instanceof RegExp) {
    // With the flag g a pattern remembers where it stopped.
    const pattern = new RegExp(keys.source, keys.flags.replace(/[gy]/g, ''))
    return { hides: (name) => pattern.test(name.slice(0, 200)), value }
  }
  const names = new Set(keys.map((name) => name.toLowerCase()))
  return { hides: (name) => names.has(name.toLowerCase()), value }
}

/** A value without what nobody is to see. Never throws: a hook that does hides everything. */
export function redacted(
  value: unknown,
  context: RedactContext,
  { hides, value: hook }: NormalRedaction,
): { value: unknown; changed: boolean } {
  let changed = false
  let nodes = 0
  const walk = (entry: unknown, depth: number): unknown => {
    if (typeof entry === 'string') {
      const text = redactUrl(entry)
      changed ||= text !== entry
      return text
    }
    if (typeof entry !== 'object' || entry === null) return entry
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) {
      changed = true
      return '…'
    }
    if (Array.isArray(entry)) return entry.map((item) => walk(item, depth + 1))
    const copy: Record<string, unknown> = Object.create(null)
    for (const [name, item] of Object.entries(entry)) {
      const hidden = hides(name) && item !== null && item !== undefined
      changed ||= hidden
      copy[name] = hidden ? HIDDEN : walk(item, depth + 1)
    }
    return copy
  }
  try {
    const hooked = hook === undefined ? value : hook(value, context)
    changed = hooked !== value
    return { value: walk(hooked, 0), changed }
  } catch {
    return { value: HIDDEN, changed: true }
  }
}

/** A value as a page shows it: redacted, and cut when it is large. */
export function payloadView(value: unknown, context: RedactContext, redaction: NormalRedaction): PayloadView {
  const seen = redacted(value, context, redaction)
  const text = JSON.stringify(seen.value) ?? 'null'
  const bytes = Buffer.byteLength(text)
  const truncated = bytes > MAX_SHOWN
  return { value: truncated ? text.slice(0, MAX_SHOWN) : seen.value, bytes, truncated, redacted: seen.changed }
}

/** Text out of a job: an error's message or stack, a log line. */
export function redactedText(text: string, context: RedactContext, redaction: NormalRedaction): string {
  const { value } = redacted(text, context, redaction)
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
