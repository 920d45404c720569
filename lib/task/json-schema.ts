import type { StandardSchemaV1 } from './schema.ts'

/** What a schema may offer besides checking: Standard JSON Schema, and zod's own method, which also gives what it can of types that JSON lacks. */
interface Convertible {
  readonly '~standard': { readonly jsonSchema?: { readonly input?: (options: { target: string }) => unknown } }
  readonly toJSONSchema?: (options: { io: 'input'; unrepresentable: 'any' }) => unknown
}

const MAX_SCHEMA_CHARS = 16_384
const MAX_CHARS = 262_144
const MAX_TASKS = 200

/** The JSON Schema of the arguments as text; undefined when the schema has none, or one that is too large to hand around. */
function jsonSchemaOf(schema: StandardSchemaV1): string | undefined {
  const { '~standard': standard } = schema as Convertible
  const ways = [
    () => standard.jsonSchema?.input?.({ target: 'draft-2020-12' }),
    () => (schema as Convertible).toJSONSchema?.({ io: 'input', unrepresentable: 'any' }),
  ]
  for (const way of ways) {
    try {
      const found = way()
      if (typeof found !== 'object' || found === null) continue
      const text = JSON.stringify(found)
      return text.length > MAX_SCHEMA_CHARS ? undefined : text
    } catch {
      // Libraries throw for types that JSON Schema cannot say. A form is a convenience: there is none then.
    }
  }
  return undefined
}

/** A JSON object of task → JSON Schema of its arguments, within bounds; empty text when no task has one. */
export function jsonSchemasOf(tasks: Iterable<{ name: string; schema: StandardSchemaV1 | undefined }>): string {
  const entries: string[] = []
  let chars = 0
  for (const { name, schema } of tasks) {
    const text = schema === undefined ? undefined : jsonSchemaOf(schema)
    if (text === undefined) continue
    const entry = `${JSON.stringify(name)}:${text}`
    chars += entry.length + 1
    if (chars > MAX_CHARS || entries.length >= MAX_TASKS) break
    entries.push(entry)
  }
  return entries.length === 0 ? '' : `{${entries.join(',')}}`
}
