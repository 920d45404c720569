import { RqtsError } from '../errors.ts'

/** Standard Schema, version 1: what zod, valibot, arktype and others have in common. The part that is used here. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

const MAX_ISSUES = 5

export function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value)) return false
  const standard = value['~standard'] as { validate?: unknown } | undefined
  return typeof standard?.validate === 'function'
}

/**
 * The arguments as the schema gives them back (defaults filled in, transforms done), at once or as a promise, as
 * the schema likes. `enqueue` only checks and stores what it was given; the worker passes this on to the handler.
 */
export function validateArgs(schema: StandardSchemaV1, args: readonly unknown[], taskName: string): unknown[] | Promise<unknown[]> {
  let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>
  try {
    result = schema['~standard'].validate(args)
  } catch (error) {
    throw broken(taskName, error)
  }
  if (!isThenable(result)) return accept(result, taskName)
  return result.then(
    (settled) => accept(settled, taskName),
    (error: unknown) => {
      throw broken(taskName, error)
    },
  )
}

function accept(result: SchemaResult<unknown>, taskName: string): unknown[] {
  if (result.issues !== undefined) throw badArgs(taskName, result.issues)
  if (Array.isArray(result.value)) return result.value as unknown[]
  throw new RqtsError(
    'RQTS_BAD_ARGS',
    `The schema of task '${taskName}' must describe its list of arguments, as z.tuple([…]) does; it returned something else`,
  )
}

function badArgs(taskName: string, issues: readonly SchemaIssue[]): RqtsError {
  const shown = issues.slice(0, MAX_ISSUES).map((issue) => `${pathOf(issue)} ${issue.message}`)
  const more = issues.length > MAX_ISSUES ? `; and ${issues.length - MAX_ISSUES} more` : ''
  return new RqtsError('RQTS_BAD_ARGS', `The arguments of task '${taskName}' do not fit its schema: ${shown.join('; ')}${more}`)
}

function pathOf(issue: SchemaIssue): string {
  const keys = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step))
  return `args${keys.map((key) => (typeof key === 'string' && !/^\d+$/.test(key) ? `.${key}` : `[${String(key)}]`)).join('')}:`
}

function broken(taskName: string, cause: unknown): RqtsError {
  return new RqtsError(
    'RQTS_BAD_ARGS',
    `The schema of task '${taskName}' threw while it checked the arguments: see the cause and mend the schema`,
    { cause },
  )
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null)?.then === 'function'
}
