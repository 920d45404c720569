import { parseDuration } from '../duration.ts'
import { checkJobId, checkName, type NameKind } from '../names.ts'
import { Refusal } from './refusal.ts'

/** What came with a request, read field by field: nothing is used that was not checked and bounded here. */
export class Input {
  readonly #values: Readonly<Record<string, unknown>>

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  /** Fields of a query are text; those of a body what JSON says. */
  #get(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
  }

  id(name = 'id'): string {
    return checkJobId(this.#get(name))
  }

  name(kind: NameKind, field: string = kind): string {
    return checkName(kind, this.#get(field))
  }

  optionalName(kind: NameKind, field: string = kind): string | undefined {
    return this.#missing(field) ? undefined : this.name(kind, field)
  }

  text(name: string, most: number): string {
    const value = this.#get(name)
    if (typeof value === 'string' && value.length <= most) return value
    throw bad(name, `text of at most ${most} characters`)
  }

  optionalText(name: string, most: number): string | undefined {
    return this.#missing(name) ? undefined : this.text(name, most)
  }

  whole(name: string, min: number, max: number, otherwise?: number): number {
    if (this.#missing(name) && otherwise !== undefined) return otherwise
    const value = this.#get(name)
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number
    const message = `${name} must be a whole number from ${min} to ${max}`
    throw new Refusal(400, 'RQTS_BAD_OPTION', message, { what: 'field-whole', facts: { field: name, min, max } })
  }

  flag(name: string): boolean {
    const value = this.#get(name)
    if (value === undefined || value === null || value === false || value === 'false') return false
    if (value === true || value === 'true') return true
    throw bad(name, 'true or false')
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise?: T): T {
    if (this.#missing(name) && otherwise !== undefined) return otherwise
    const value = this.#get(name)
    if (choices.includes(value as T)) return value as T
    throw bad(name, `one of ${choices.join(', ')}`)
  }

  optionalDuration(name: string): number | undefined {
    return this.#missing(name) ? undefined : parseDuration(this.text(name, 40), name, { min: 1 })
  }

  list(name: string, most: number): unknown[] {
    const value = this.#get(name)
    if (Array.isArray(value) && value.length <= most) return value
    throw bad(name, `a list of at most ${most}`)
  }

  optionalList(name: string, most: number): unknown[] | undefined {
    return this.#missing(name) ? undefined : this.list(name, most)
  }

  has(name: string): boolean {
    return !this.#missing(name)
  }

  #missing(name: string): boolean {
    const value = this.#get(name)
    return value === undefined || value === null || value === ''
  }
}

function bad(name: string, expected: string): Refusal {
  return new Refusal(400, 'RQTS_BAD_OPTION', `${name} must be ${expected}`, { what: 'field', facts: { field: name } })
}
