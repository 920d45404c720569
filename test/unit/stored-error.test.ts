import { describe, expect, test } from 'vitest'
import { RqtsError } from '../../lib/errors.ts'
import { DEFAULT_ERROR_LIMIT, decodeError, encodeError, parseStoredError } from '../../lib/payload/stored-error.ts'
import fc from '../support/property.ts'

const stored = (error: unknown) => parseStoredError(encodeError(error))
const hostile = {
  get message(): string {
    throw new Error('no message')
  },
  get name(): string {
    throw new Error('no name')
  },
}

describe('encodeError', () => {
  test('keeps name, message, stack, code and causes', () => {
    const error = Object.assign(new TypeError('outer', { cause: Object.assign(new Error('inner'), { code: 42 }) }), { code: 'E_OUTER' })
    expect(stored(error)).toEqual({
      name: 'TypeError',
      message: 'outer',
      stack: error.stack,
      code: 'E_OUTER',
      cause: { name: 'Error', message: 'inner', stack: (error.cause as Error).stack, code: 42 },
    })
    expect(stored(new RqtsError('RQTS_BAD_ARGS', 'x'))).toMatchObject({ name: 'RqtsError', code: 'RQTS_BAD_ARGS' })
  })

  const thrown: [string, unknown, object][] = [
    ['null', null, { name: 'Error', message: 'null was thrown instead of an error' }],
    ['undefined', undefined, { name: 'Error', message: 'undefined was thrown instead of an error' }],
    ['a string', 'boom', { name: 'Error', message: 'boom' }],
    ['a number', 42, { message: 'thrown instead of an error: 42' }],
    ['a symbol', Symbol('s'), { message: 'thrown instead of an error: Symbol(s)' }],
    ['an object', { status: 500 }, { message: 'thrown instead of an error: { status: 500 }' }],
    ['an object like an error', { message: 'm', code: 'C', name: 'N' }, { name: 'N', message: 'm', code: 'C' }],
    ['getters that throw', hostile, { name: 'Error' }],
    [
      'an empty aggregate, as a refused connection is',
      new AggregateError([new Error('a'), new Error('b')], ''),
      { name: 'AggregateError', message: 'a; b' },
    ],
    ['a code that is no text', Object.assign(new Error('x'), { code: Number.NaN }), { message: 'x' }],
  ]
  test.each(thrown)('takes %s', (_, error, expected) => {
    expect(stored(error)).toMatchObject(expected)
  })

  test('takes an error whose every property throws, and one that is its own cause', () => {
    const trap = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('trap')
      },
      ownKeys: () => {
        throw new Error('trap')
      },
    })
    expect(stored(trap).name).toBe('Error')
    const circular = new Error('round')
    circular.cause = circular
    let levels = 0
    for (let at = parseStoredError(encodeError(circular)).cause; at !== undefined; at = at.cause) levels++
    expect(levels).toBe(3)
  })

  test('cuts what is huge, keeping the message and the top of the stack', () => {
    const size = (error: unknown): number => Buffer.byteLength(encodeError(error))
    const huge = new Error('m'.repeat(5_000_000))
    expect(size(huge)).toBeLessThanOrEqual(DEFAULT_ERROR_LIMIT)
    expect(stored(huge).message).toMatch(/^m{4096}…$/)
    expect(stored(huge).stack).toMatch(/^Error: m{300}…\n {4}at /)
    for (const text of ['\u0000'.repeat(100_000), '😀'.repeat(100_000), '\ud800'.repeat(100_000), '"'.repeat(100_000)]) {
      expect(size(new Error(text, { cause: new Error(text, { cause: new Error(text) }) }))).toBeLessThanOrEqual(DEFAULT_ERROR_LIMIT)
    }
    expect(Buffer.byteLength(encodeError(huge, 200))).toBeLessThanOrEqual(200)
  })

  test('is valid and within its limit for anything', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withTypedArray: true, withSparseArray: true }),
        fc.string({ unit: 'binary', maxLength: 9_000 }),
        (thing, text) => {
          for (const error of [thing, text, Object.assign(new Error(text), { code: thing, cause: thing, stack: thing })]) {
            const written = encodeError(error)
            expect(Buffer.byteLength(written)).toBeLessThanOrEqual(DEFAULT_ERROR_LIMIT)
            expect(decodeError(written)).toBeInstanceOf(Error)
          }
        },
      ),
    )
  })
})

describe('decodeError', () => {
  test('rebuilds the errors of the language as what they are, others as plain Errors of their name', () => {
    const error = new RangeError('far', { cause: new Error('near') })
    const back = decodeError(encodeError(error))
    expect(back).toBeInstanceOf(RangeError)
    expect(Object.getPrototypeOf(decodeError('{"name":"Mine","message":"b"}'))).toBe(Error.prototype)
    expect([back.name, back.message, back.stack, String(back)]).toEqual(['RangeError', 'far', error.stack, 'RangeError: far'])
    expect(back.cause).toMatchObject({ message: 'near' })
    expect(decodeError('{"name":"A","message":"b"}').stack).toBe('A: b')
  })

  test.each(['', 'not json', 'null', '[]', '7', '{"message":{}}', '{"name":7,"stack":[],"cause":"x"}', '{"__proto__":{"message":"x"}}'])(
    'takes %s',
    (text) => {
      expect(decodeError(text)).toBeInstanceOf(Error)
      expect(typeof decodeError(text).message).toBe('string')
      expect(({} as Error).message).toBeUndefined()
    },
  )
})
