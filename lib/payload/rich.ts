import { types } from 'node:util'
import SuperJSON from 'superjson'
import type { DatePaths } from './dated.ts'
import { corrupt } from './refusal.ts'

/**
 * The form for what plain JSON cannot carry: `{"$rqts":1,"json":…,"meta":…}`, superjson's two fields behind a mark.
 * A text is in this form when it begins with exactly these characters, so plain values that look alike are
 * written in it too, and nothing is ambiguous.
 */
const MARK = '{"$rqts":'
const VERSION = 1

export function isRich(text: string): boolean {
  // The third character settles it for nearly every text, in a tenth of the time.
  return text.charCodeAt(2) === 36 && text.startsWith(MARK)
}

// Its own instance: transformers that an application registers on the shared one must not change what is stored.
const superjson = new SuperJSON()

/** superjson's own error rule drops the stack and the code. */
superjson.registerCustom<Error, Record<string, never>>(
  {
    isApplicable: (value): value is Error => value instanceof Error,
    serialize: (error) => ({ ...error }) as unknown as Record<string, never>,
    deserialize: reviveError,
  },
  'error',
)

/** superjson's own typed arrays are lists of numbers: several times larger, and NaN and -0 are lost in them. */
superjson.registerCustom<ArrayBufferView | ArrayBuffer, { type: string; base64: string }>(
  {
    isApplicable: (value): value is ArrayBufferView | ArrayBuffer => ArrayBuffer.isView(value) || types.isArrayBuffer(value),
    serialize: (value) => {
      const bytes = ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value)
      const type = Buffer.isBuffer(value) ? 'Buffer' : Object.prototype.toString.call(value).slice(8, -1)
      return { type, base64: bytes.toString('base64') }
    },
    deserialize: reviveBytes,
  },
  'bytes',
)

export function writeRich(value: unknown): string {
  const { json, meta } = superjson.serialize(value)
  // Shared references come back as copies, as in plain JSON: superjson's way of rebuilding them reorders sets and maps.
  return JSON.stringify(
    meta?.values === undefined ? { $rqts: VERSION, json } : { $rqts: VERSION, json, meta: { values: meta.values, v: meta.v } },
  )
}

/** What `writeRich` makes of plain JSON with Dates at these places. */
export function writeDated(value: unknown, paths: DatePaths): string {
  return `${MARK}${VERSION},"json":${JSON.stringify(value)},"meta":{"values":${JSON.stringify(paths)},"v":1}}`
}

export function readRich(text: string): unknown {
  const stored = JSON.parse(text) as { $rqts: unknown; json: never; meta?: { values?: unknown; v?: unknown } }
  if (stored.$rqts !== VERSION) throw corrupt(text, 'a newer version of rqts wrote it: upgrade this process')
  const values = stored.meta?.values
  if (values === undefined) return stored.json
  try {
    checkAnnotations(values)
    // The latest path syntax whatever the text says: the old one is only in values that superjson 1 wrote.
    return superjson.deserialize({ json: stored.json, meta: { values: values as never, v: 1 } }, { inPlace: true })
  } catch {
    throw corrupt(text, 'its type annotations do not fit its data')
  }
}

const SIMPLE_TYPES: ReadonlySet<unknown> = new Set(['undefined', 'bigint', 'Date', 'regexp', 'set', 'map', 'number', 'URL'])
const CUSTOM_TYPES: ReadonlySet<unknown> = new Set(['error', 'bytes'])

/** Only the types that `writeRich` uses: superjson looks others up by name, in tables that inherit from Object. */
function checkAnnotations(tree: unknown): void {
  if (Array.isArray(tree)) {
    const [type, children, ...rest] = tree as unknown[]
    const known = Array.isArray(type) ? type.length === 2 && type[0] === 'custom' && CUSTOM_TYPES.has(type[1]) : SIMPLE_TYPES.has(type)
    if (!known || rest.length > 0) throw new TypeError('unknown type')
    if (children !== undefined) checkBranches(children)
  } else {
    checkBranches(tree)
  }
}

function checkBranches(tree: unknown): void {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) throw new TypeError('malformed annotations')
  for (const branch of Object.values(tree)) checkAnnotations(branch)
}

function reviveError(stored: Record<string, unknown>): Error {
  const error = new Error()
  // This process's stack would only mislead.
  const fields: Record<string, unknown> = { stack: `${String(stored['name'])}: ${String(stored['message'])}`, ...stored }
  for (const key of ['name', 'message', 'stack', 'code', 'cause']) {
    if (fields[key] === undefined) continue
    Object.defineProperty(error, key, { value: fields[key], writable: true, configurable: true, enumerable: key === 'code' })
  }
  return error
}

const VIEWS: ReadonlyMap<string, new (buffer: ArrayBuffer) => ArrayBufferView> = new Map(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ].map((view) => [view.name, view]),
)

function reviveBytes(stored: { type: string; base64: string }): ArrayBufferView | ArrayBuffer {
  const bytes = Buffer.from(stored.base64, 'base64')
  if (stored.type === 'Buffer') return bytes
  // A buffer of its own: small Node buffers share one pool.
  const { buffer } = new Uint8Array(bytes)
  if (stored.type === 'ArrayBuffer') return buffer
  const View = VIEWS.get(stored.type)
  if (View === undefined) throw new TypeError('unknown type')
  return new View(buffer)
}
