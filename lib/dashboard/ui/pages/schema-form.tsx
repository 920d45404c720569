import type { JSX } from 'preact'
import { t } from '../i18n/index.ts'

/** One argument, or one property of an argument that is an object. */
export interface FormField {
  path: readonly (string | number)[]
  label: string
  kind: 'text' | 'number' | 'boolean' | 'choice'
  choices: readonly unknown[]
  hint: string
}

interface Schema {
  type?: unknown
  enum?: unknown
  title?: unknown
  description?: unknown
  prefixItems?: unknown
  items?: unknown
  properties?: unknown
}

/**
 * The fields of a JSON Schema of the arguments: plain values, also within objects. What is richer is left to the JSON below the form;
 * undefined when nothing is plain.
 */
export function formOf(schema: unknown): FormField[] | undefined {
  const { prefixItems, items } = asSchema(schema)
  const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
  const fields = tuple.flatMap((item, i) => fieldsOf(asSchema(item), [i]))
  return fields.length === 0 ? undefined : fields
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? value : {}
}

function fieldsOf(schema: Schema, path: readonly (string | number)[]): FormField[] {
  const { type, title, description, properties } = schema
  if (type === 'object' && typeof properties === 'object' && properties !== null) {
    return Object.entries(properties).flatMap(([name, inner]) => fieldsOf(asSchema(inner), [...path, name]))
  }
  const choices = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : []
  const kind = choices.length > 0 ? 'choice' : type === 'string' ? 'text' : type === 'boolean' ? 'boolean' : undefined
  const found = kind ?? (type === 'number' || type === 'integer' ? 'number' : undefined)
  if (found === undefined) return []
  const label = typeof title === 'string' ? title : path.length === 1 ? t.job.argument(Number(path[0]) + 1) : path.slice(1).join('.')
  return [{ path, label, kind: found, choices, hint: typeof description === 'string' ? description : '' }]
}

interface FormProps {
  fields: readonly FormField[]
  values: readonly unknown[]
  onChange(values: unknown[]): void
}

export function ArgumentForm({ fields, values, onChange }: FormProps): JSX.Element {
  return (
    <fieldset class="form">
      {fields.map((field) => (
        <label key={field.path.join('.')} class="field">
          <span>{field.label}</span>
          <Input
            field={field}
            value={read(values, field.path)}
            onChange={(value) => onChange(written(values, field.path, value) as unknown[])}
          />
          {field.hint !== '' && <small class="muted">{field.hint}</small>}
        </label>
      ))}
    </fieldset>
  )
}

function Input({ field, value, onChange }: { field: FormField; value: unknown; onChange(value: unknown): void }): JSX.Element {
  if (field.kind === 'boolean') {
    return <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
  }
  if (field.kind === 'choice') {
    return (
      <select value={String(field.choices.indexOf(value))} onChange={(event) => onChange(field.choices[Number(event.currentTarget.value)])}>
        {field.choices.map((choice, i) => (
          <option key={i} value={i}>
            {String(choice)}
          </option>
        ))}
      </select>
    )
  }
  const shown = typeof value === 'string' || typeof value === 'number' ? value : ''
  if (field.kind === 'text') return <input value={shown} onInput={(event) => onChange(event.currentTarget.value)} />
  return <input type="number" step="any" value={shown} onInput={(event) => onChange(event.currentTarget.valueAsNumber)} />
}

function read(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined),
    value,
  )
}

function written(value: unknown, [key, ...rest]: readonly (string | number)[], to: unknown): unknown {
  if (key === undefined) return to
  const copy: Record<string | number, unknown> | unknown[] = Array.isArray(value)
    ? [...(value as unknown[])]
    : { ...(value as Record<string, unknown> | null | undefined) }
  const at = copy as Record<string | number, unknown>
  at[key] = written(at[key], rest, to)
  return copy
}
