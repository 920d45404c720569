import { openApi } from '../../lib/dashboard/openapi.ts'

interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema
}

interface Description {
  paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: Schema }> }> }>>
  components: { schemas: Record<string, Schema> }
}

const { paths, components } = openApi() as Description

/** What is wrong with a reply, held against the description of its route. What is not described is wrong, too. */
export function faultsOfReply(route: string, status: number, body: unknown): string[] {
  const [method, path] = route.split(' ') as [string, string]
  const { responses } = paths[path]![method.toLowerCase()]!
  return faultsOf(body, (responses[String(status)] ?? responses['default'])!.content['application/json']!.schema, route)
}

export function faultsOfEvent(name: string, data: unknown): string[] {
  return faultsOf(data, components.schemas['StreamEvents']!.properties![name]!, `event ${name}`)
}

function faultsOf(value: unknown, schema: Schema, where: string): string[] {
  if (schema.$ref !== undefined) return faultsOf(value, components.schemas[schema.$ref.slice('#/components/schemas/'.length)]!, where)
  if (schema.anyOf !== undefined) {
    const each = schema.anyOf.map((one) => faultsOf(value, one, where))
    // Of `null or this` the faults of this say more.
    return each.some((faults) => faults.length === 0) ? [] : each[value === null ? 1 : 0]!
  }
  if (schema.type === undefined) return value === undefined ? [`${where} is missing`] : []
  const types = [schema.type].flat()
  if (!types.includes(typeOf(value)) && !(types.includes('number') && typeOf(value) === 'integer'))
    return [`${where} is ${typeOf(value)}, described as ${types.join(' or ')}`]
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${where} is ${String(value)}, described as ${schema.enum.join(' or ')}`]
  if (schema.format === 'date-time' && Number.isNaN(Date.parse(value as string))) return [`${where} is no time`]
  if (Array.isArray(value)) return value.flatMap((item, i) => faultsOf(item, schema.items!, `${where}[${i}]`))
  const { additionalProperties: any } = schema
  if (any !== undefined) return Object.entries(value as object).flatMap(([name, field]) => faultsOf(field, any, `${where}.${name}`))
  return schema.properties === undefined ? [] : faultsOfFields(value as Record<string, unknown>, schema, where)
}

function faultsOfFields(value: Record<string, unknown>, { properties = {}, required = [] }: Schema, where: string): string[] {
  const missing = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${where}.${name} is missing`)
  const present = Object.entries(value).flatMap(([name, field]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    return schema === undefined ? [`${where}.${name} is not described`] : faultsOf(field, schema, `${where}.${name}`)
  })
  return [...missing, ...present]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
