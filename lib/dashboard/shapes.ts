import type * as contract from './contract.ts'

/** Every shape that has a name in the OpenAPI description. */
export interface Views {
  AlertView: contract.AlertView
  ApiError: contract.ApiError
  BulkView: contract.BulkView
  Done: contract.Done
  ErrorDetail: contract.ErrorDetail
  ErrorGroup: contract.ErrorGroup
  FindingView: contract.FindingView
  FrameView: contract.FrameView
  GraphView: contract.GraphView
  JobDetailView: contract.JobDetailView
  JobRef: contract.JobRef
  JobRow: contract.JobRow
  JobsReply: contract.JobsReply
  OverviewView: contract.OverviewView
  PayloadView: contract.PayloadView
  QueueLimits: contract.QueueLimits
  QueueView: contract.QueueView
  RedisView: contract.RedisView
  ScheduleDetailView: contract.ScheduleDetailView
  ScheduleRunView: contract.ScheduleRunView
  ScheduleView: contract.ScheduleView
  SessionView: contract.SessionView
  StatsPoint: contract.StatsPoint
  StatsView: contract.StatsView
  StreamEvents: contract.StreamEvents
  TaskStats: contract.TaskStats
  TimelineEntry: contract.TimelineEntry
  WorkerJob: contract.WorkerJob
  WorkerView: contract.WorkerView
  WorkflowView: contract.WorkflowView
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Ref<T> = { [N in keyof Views]: Same<Views[N], T> extends true ? `#${N}` : never }[keyof Views]

/**
 * How a type of the contract is written down where there are no types any more. The compiler holds the one against the other: a field that is missing here,
 * or is called or made otherwise there, does not compile.
 */
export type Shape<T> = unknown extends T ? 'any' : null extends T ? { readonly orNull: Present<Exclude<T, null>> } : Present<T>
type Present<T> = [T] extends [boolean]
  ? 'flag'
  : [T] extends [string]
    ? string extends T
      ? 'text' | 'time'
      : { readonly oneOf: { readonly [Word in T]: true } }
    : [T] extends [number]
      ? 'number' | 'whole'
      : [T] extends [string | number]
        ? 'scalar'
        : T extends readonly (infer Item)[]
          ? readonly [Shape<Item>]
          : [Ref<T>] extends [never]
            ? Fields<T>
            : Ref<T>
export type Fields<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> }

const LEAVES: Readonly<Record<string, object>> = {
  any: {},
  flag: { type: 'boolean' },
  text: { type: 'string' },
  time: { type: 'string', format: 'date-time' },
  number: { type: 'number' },
  whole: { type: 'integer' },
  scalar: { type: ['string', 'number'] },
}

/** JSON Schema of a shape. What may be added later is not forbidden to be there. */
export function jsonSchema(shape: unknown): object {
  if (typeof shape === 'string') return shape.startsWith('#') ? { $ref: `#/components/schemas/${shape.slice(1)}` } : LEAVES[shape]!
  if (Array.isArray(shape)) return { type: 'array', items: jsonSchema(shape[0]) }
  const fields = shape as Readonly<Record<string, unknown>>
  if ('orNull' in fields) return { anyOf: [jsonSchema(fields['orNull']), { type: 'null' }] }
  if ('*' in fields) return { type: 'object', additionalProperties: jsonSchema(fields['*']) }
  if ('oneOf' in fields) return { type: 'string', enum: Object.keys(fields['oneOf'] as object) }
  const properties = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, jsonSchema(field)]))
  return { type: 'object', properties, required: Object.keys(fields) }
}
