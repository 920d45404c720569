import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { checkedCopy } from '../../lib/payload/checked-copy.ts'
import { datePaths } from '../../lib/payload/dated.ts'
import { DEFAULT_PAYLOAD_LIMIT, decode, encode } from '../../lib/payload/payload.ts'
import { writeRich } from '../../lib/payload/rich.ts'
import fc from '../support/property.ts'

const roundTrip = (value: unknown): unknown => decode(encode(value, 'args'))
const MARKED = '{"$rqts":1,'

describe('plain JSON is stored as JSON', () => {
  const plain: [string, unknown][] = [
    ['no arguments', []],
    ['scalars', [null, true, false, 0, -1.5, 1e300, '', 'é😀', '\ud800']],
    ['nested', [{ a: { b: [1, { c: null }] } }]],
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['names that only look dangerous', [{ constructor: 1, prototype: 2, toString: 3, 'a.b\\c': 4, '': 5 }]],
    ['a property called json or meta', { json: 1, meta: { values: { a: ['Date'] } } }],
    ['the mark, but not at the front', { a: 1, $rqts: 1 }],
    ['the mark inside', [{ $rqts: 1, json: 2 }]],
    ['an array with a named property, which JSON leaves out', ['x'].concat(/x/.exec('x') ?? [])],
  ]
  test.each(plain)('%s', (_, value) => {
    const text = encode(value, 'args')
    expect(text).toBe(JSON.stringify(value))
    expect(decode(text)).toEqual(JSON.parse(JSON.stringify(value)))
  })

  test('every JSON value, as JSON.stringify writes it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        // Refused by rule, and tested below.
        fc.pre(!JSON.stringify(value).includes('"__proto__":'))
        const text = encode(value, 'args')
        // fast-check makes -0 too.
        if (!text.startsWith(MARKED)) expect(text).toBe(JSON.stringify(value))
        expect(decode(text)).toEqual(value)
      }),
    )
  })
})

describe('what plain JSON cannot carry comes back as it was', () => {
  const rich: [string, unknown][] = [
    ['undefined', [undefined, { a: undefined }]],
    ['undefined alone', undefined],
    ['NaN and the infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['-0', [-0, { a: [-0] }]],
    ['bigint', [1n, -(2n ** 80n)]],
    ['Date', [new Date(0), new Date(-8.64e15), new Date('2024-02-29T12:00:00.123Z')]],
    ['RegExp', [/a\/b[\]]/giu, /^$/]],
    ['URL', [new URL('redis://u:p@host:1/x?y=1#z')]],
    [
      'Map',
      [
        new Map<unknown, unknown>([
          ['a', 1],
          [{ k: 1 }, new Date(1)],
          [Number.NaN, undefined],
          [new Date(5), new Map([[1n, 2]])],
        ]),
      ],
    ],
    ['Set', [new Set([1, 'a', new Date(3), { a: 1n }, Number.NaN, new Set([1n])])]],
    ['keys with dots, backslashes and nothing', [{ 'a.b': new Date(1), 'c\\d': 1n, '': { '': undefined, '.': -0 }, '0': new Set([1]) }]],
    ['Uint8Array', [new Uint8Array([0, 1, 255])]],
    ['Float64Array with NaN, -0 and the infinities', [new Float64Array([Number.NaN, -0, 1.5, Number.NEGATIVE_INFINITY])]],
    ['BigInt64Array', [new BigInt64Array([-1n, 2n ** 62n])]],
    [
      'other typed arrays',
      [
        new Int8Array([-1]),
        new Uint8ClampedArray([300]),
        new Int16Array([-2]),
        new Uint16Array([3]),
        new Int32Array([-4]),
        new Uint32Array([5]),
        new Float32Array([0.5]),
        new BigUint64Array([6n]),
      ],
    ],
    ['a view of part of a buffer', [new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2)]],
    ['ArrayBuffer and DataView', [new Uint8Array([1, 2, 3]).buffer, new DataView(new Uint8Array([4, 5]).buffer)]],
    ['Buffer', [Buffer.from('häß'), Buffer.alloc(0)]],
    ['a Date alone', new Date(7)],
    ['a Map alone', new Map([[1, 2]])],
    ['a value that looks like the stored form', { $rqts: 1, json: [1], meta: { values: { 0: ['Date'] } } }],
    ['a value that looks like the stored form of another version', { $rqts: 99 }],
  ]
  test.each(rich)('%s', (_, value) => {
    const text = encode(value, 'args')
    expect(text.startsWith(MARKED)).toBe(true)
    expect(() => JSON.parse(text) as unknown).not.toThrow()
    const back = decode(text)
    expect(back).toStrictEqual(value)
    expect(encode(back, 'args')).toBe(text)
  })

  test('keeps the order of sets and maps whose members also stand elsewhere', () => {
    const a = { a: 1 }
    const b = { b: new Date(1) }
    const value = [
      b,
      a,
      new Set([a, b]),
      new Map<unknown, unknown>([
        [a, b],
        [b, a],
      ]),
      Number.NaN,
      new Set([Number.NaN, 1, 2]),
    ]
    expect(roundTrip(value)).toStrictEqual(value)
    expect([...(roundTrip(value) as [unknown, unknown, Set<unknown>])[2]]).toStrictEqual([a, b])
  })

  test('reads as JSON with the types beside it', () => {
    expect(encode([{ when: new Date(0) }], 'args')).toBe(
      '{"$rqts":1,"json":[{"when":"1970-01-01T00:00:00.000Z"}],"meta":{"values":{"0.when":["Date"]},"v":1}}',
    )
  })

  test('an error keeps name, message, stack, code and cause', () => {
    const error = Object.assign(new TypeError('outer', { cause: Object.assign(new Error('inner'), { code: 7, cause: new Date(3) }) }), {
      code: 'E_X',
    })
    const [back] = roundTrip([error]) as [TypeError & { code: string; cause: Error & { code: number } }]
    expect(back).toBeInstanceOf(Error)
    expect([back.name, back.message, back.stack, back.code]).toEqual(['TypeError', 'outer', error.stack, 'E_X'])
    expect([back.cause.message, back.cause.code, back.cause.cause]).toEqual(['inner', 7, new Date(3)])
    const [bare] = roundTrip([Object.assign(new Error('m'), { stack: undefined })]) as [Error]
    expect(bare.stack).toBe('Error: m')
  })

  test('an array buffer that comes back is its own, a proxy is read as what it shows', () => {
    const [back] = roundTrip([new Uint8Array([1, 2])]) as [Uint8Array]
    expect(back.buffer.byteLength).toBe(2)
    expect(roundTrip([new Proxy({ a: 1n }, {}), new Proxy([1, new Date(1)], {})])).toEqual([{ a: 1n }, [1, new Date(1)]])
  })

  test('values of another realm become ours', () => {
    const foreign: unknown = runInNewContext(
      '[{ a: [new Date(1), /x/g, new Map([[1, new Set([2n])]]), new Uint8Array([1]), new Uint8Array([2]).buffer] }, 1, Object.create(null)]',
    )
    const ours = [{ a: [new Date(1), /x/g, new Map([[1, new Set([2n])]]), new Uint8Array([1]), new Uint8Array([2]).buffer] }, 1, {}]
    expect(roundTrip(foreign)).toStrictEqual(ours)
    expect((roundTrip([runInNewContext('new TypeError("x")')]) as [Error])[0]).toMatchObject({ name: 'TypeError', message: 'x' })
    expect(() => encode([runInNewContext('new (class Foo {})()')], 'args')).toThrow('args[0] is an instance of Foo')
  })

  test('any generated value', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: false,
      maxDepth: 4,
    })
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 5 }), (value) => {
        let text: string
        try {
          text = encode(value, 'args')
        } catch (error) {
          // Invalid dates and the three reserved names are refused by rule.
          expect(error).toMatchObject({ code: 'RQTS_BAD_PAYLOAD' })
          expect(String(error)).toMatch(/invalid Date|has the name '(__proto__|constructor|prototype)'/)
          return
        }
        expect(decode(text)).toStrictEqual(value)
      }),
      { numRuns: 500 },
    )
  })
})

describe('plain JSON with Dates, which has a shorter way', () => {
  const key = fc.oneof(fc.constantFrom('a', '0', '10', 'a.b', '\\', '\\.', '', '$rqts', 'toString', 'toJSON'), fc.string({ maxLength: 3 }))
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.date({ noInvalidDate: true }),
      fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }))

  test('is written as superjson writes it, to the letter', () => {
    let dated = 0
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (args) => {
        // Refused by rule, and tested below.
        fc.pre(!JSON.stringify(args).includes('"__proto__":'))
        const text = encode(args, 'args')
        if (datePaths(args, DEFAULT_PAYLOAD_LIMIT) === undefined || !text.includes('["Date"]')) return
        dated++
        expect(text).toBe(writeRich(checkedCopy(args, 'args', DEFAULT_PAYLOAD_LIMIT)))
        expect(decode(text)).toEqual(args)
      }),
      { numRuns: 500 },
    )
    expect(dated).toBeGreaterThan(0)
  })

  const odd: [string, unknown, unknown][] = [
    ['numbers as names', [{ b: new Date(1), 1: new Date(2) }, [{ a: new Date(3) }, new Date(4)]], undefined],
    ['one Date in two places', [new Array(2).fill(new Date(1))], [[new Date(1), new Date(1)]]],
    ['a Date with a field of its own', [Object.assign(new Date(1), { by: 'me' })], [new Date(1)]],
    ['a Date with another form', [Object.assign(new Date(1), { toJSON: () => 'x' })], [new Date(1)]],
    ['beside what only superjson can carry', [new Date(1), undefined, new Map([[1, new Date(2)]])], undefined],
    ['a Date alone', new Date(1), undefined],
  ]
  test.each(odd)('%s', (_, given, expected) => {
    const text = encode(given, 'args')
    expect(text).toBe(writeRich(checkedCopy(given, 'args', DEFAULT_PAYLOAD_LIMIT)))
    expect(decode(text)).toEqual(expected ?? given)
  })

  test.each(['__proto__', 'constructor', 'prototype'])('%s is refused beside a Date, too', (name) => {
    const given = Object.defineProperty({ at: new Date(1) }, name, { value: 1, enumerable: true })
    expect(() => encode([given], 'args')).toThrow(`has the name '${name}'`)
  })
})

describe('refused before Redis, with the place', () => {
  const cycle: Record<string, unknown> = { a: [] }
  cycle['self'] = cycle
  const deepCycle = { list: [{ back: null as unknown }] }
  deepCycle.list[0]!.back = deepCycle.list
  class User {
    id = 1
  }
  class Money {
    toJSON(): string {
      return '1 EUR'
    }
  }
  const holes: number[] = [1]
  holes[2] = 3
  const billion: number[] = []
  billion.length = 1e9
  const invalid: [string, unknown, string | RegExp][] = [
    ['a function', [1, { user: { callback: () => 1 } }], 'args[1].user.callback is a function'],
    ['a method beside a Date', [{ when: new Date(), 'do it': () => 1 }], 'args[0]["do it"] is a function'],
    ['a symbol', [[Symbol('x')]], 'args[0][0] is a symbol'],
    ['a cycle', [cycle], 'args[0].self is the same object as args[0], a cycle'],
    ['a cycle through a list', [deepCycle], 'args[0].list[0].back is the same object as args[0].list, a cycle'],
    ['an instance', [new User()], 'args[0] is an instance of User'],
    ['an instance in a Map', [new Map([['k', new User()]])], 'args[0].entries[0][1] is an instance of User'],
    ['an instance in a Set', [new Set([1, new User()])], 'args[0].values[1] is an instance of User'],
    ['something with toJSON', [{ price: new Money() }], /args\[0\]\.price is an instance of Money: .*pass its JSON or text form/],
    ['a plain object with toJSON', [{ toJSON: () => 1 }], 'args[0].toJSON is a function'],
    ['a Promise', [Promise.resolve(1)], /args\[0\] is a Promise: await it/],
    ['a WeakMap', [new WeakMap()], 'args[0] is an instance of WeakMap'],
    ['a stream', [process.stdout], /args\[0\] is a stream/],
    ['a web stream', [new ReadableStream()], 'args[0] is a stream (ReadableStream)'],
    ['a boxed number', [Object(1)], 'args[0] is an instance of Number'],
    ['a generator', [(function* () {})()], /args\[0\] is an instance of/],
    ['an invalid Date', [{ at: new Date(Number.NaN) }], 'args[0].at is an invalid Date'],
    ['a hole', [holes], 'args[0][1] is a hole in an array'],
    ['a billion holes', [billion], 'args[0][0] is a hole in an array'],
    [
      'a getter that throws',
      [
        {
          ok: 1,
          get bad(): number {
            throw new Error('no')
          },
        },
      ],
      /args\[0\]\.bad cannot be read/,
    ],
    [
      'a proxy that throws',
      [
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('no')
            },
          },
        ),
      ],
      /args\[0\] cannot be read/,
    ],
    ['a revoked proxy', [revoked()], /args\[0\] cannot be read/],
    ['an own __proto__', [JSON.parse('{"a":{"__proto__":{"admin":true}}}')], "args[0].a.__proto__ has the name '__proto__'"],
    ['constructor beside a Date', [{ constructor: 1, at: new Date(0) }], "args[0].constructor has the name 'constructor'"],
  ]
  test.each(invalid)('%s', (_, value, message) => {
    let caught: unknown
    try {
      encode(value, 'args')
    } catch (error) {
      caught = error
    }
    expect(caught).toMatchObject({ name: 'RqtsError', code: 'RQTS_BAD_PAYLOAD' })
    if (typeof message === 'string') expect((caught as Error).message.startsWith(message), (caught as Error).message).toBe(true)
    else expect((caught as Error).message).toMatch(message)
    expect((caught as Error).message).toMatch(/: .{10}/)
  })

  test.each([501, 100_000])('%i levels, without overflowing the stack', (levels) => {
    let value: unknown = 1
    for (let i = 0; i < levels; i++) value = [value]
    expect(() => encode(value, 'args')).toThrow(
      expect.objectContaining({
        code: 'RQTS_BAD_PAYLOAD',
        message: expect.stringMatching(/^args.{10,200} is nested deeper than 500 levels/) as string,
      }),
    )
  })

  test('490 levels are fine, in both forms', () => {
    for (const leaf of [1, 1n]) {
      let value: unknown = leaf
      for (let i = 0; i < 490; i++) value = i % 2 === 0 ? [value] : { a: value }
      expect(roundTrip(value)).toEqual(value)
    }
  })

  test('shared references are no cycle', () => {
    const shared = { a: [1] }
    expect(roundTrip([shared, shared, { shared }])).toEqual([shared, shared, { shared }])
    expect(roundTrip([shared, 1n, shared])).toEqual([shared, 1n, shared])
  })

  function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
})

describe('size', () => {
  test('up to the limit, in bytes of UTF-8', () => {
    expect(encode('x'.repeat(98), 'result', 100)).toHaveLength(100)
    expect(() => encode('x'.repeat(99), 'result', 100)).toThrow(
      expect.objectContaining({
        code: 'RQTS_PAYLOAD_TOO_LARGE',
        message: expect.stringMatching(/^The result would take 101 bytes.* limit is 100/) as string,
      }),
    )
    expect(encode('é'.repeat(49), 'result', 100)).toHaveLength(51)
    expect(() => encode('é'.repeat(50), 'result', 100)).toThrow(/102 bytes/)
    expect(encode('x'.repeat(DEFAULT_PAYLOAD_LIMIT - 2), 'result')).toHaveLength(DEFAULT_PAYLOAD_LIMIT)
    expect(() => encode('x'.repeat(DEFAULT_PAYLOAD_LIMIT - 1), 'result')).toThrow(/1048577 bytes/)
  })

  test('what is far over it is given up before it is written', () => {
    // Who wrote the bomb out first would never end.
    let bomb: unknown[] = ['x']
    for (let i = 0; i < 40; i++) bomb = [bomb, bomb]
    for (const value of [bomb, [bomb, 1n], [new Uint8Array(2_000_000)], Array.from({ length: 2_000_000 }, () => 1)]) {
      expect(() => encode(value, 'args')).toThrow(expect.objectContaining({ code: 'RQTS_PAYLOAD_TOO_LARGE' }))
    }
  })
})

describe('texts that rqts did not write', () => {
  const broken = [
    '',
    'x',
    '{"a":',
    '{"$rqts":1',
    '{"$rqts":2,"json":1}',
    '{"$rqts":null}',
    '{"$rqts":1,"json":[1],"meta":{"values":{"0":["constructor"]}}}',
    '{"$rqts":1,"json":[1],"meta":{"values":{"0":["toString"]}}}',
    '{"$rqts":1,"json":["x"],"meta":{"values":{"0":["bigint"]}}}',
    '{"$rqts":1,"json":["x"],"meta":{"values":{"0":["URL"]}}}',
    '{"$rqts":1,"json":["/(/"],"meta":{"values":{"0":["regexp"]}}}',
    '{"$rqts":1,"json":[1],"meta":{"values":{"0":["set"]}}}',
    '{"$rqts":1,"json":[1e9],"meta":{"values":{"0":[["typed-array","Uint8Array"]]}}}',
    '{"$rqts":1,"json":[1],"meta":{"values":{"0":[["class","Object"]]}}}',
    '{"$rqts":1,"json":[1],"meta":{"values":{"0":[["custom","constructor"]]}}}',
    '{"$rqts":1,"json":[1],"meta":{"values":{"0":[["custom","bytes"]]}}}',
    '{"$rqts":1,"json":[{"type":"Function","base64":""}],"meta":{"values":{"0":[["custom","bytes"]]}}}',
    '{"$rqts":1,"json":[{"type":"Float64Array","base64":"AAA="}],"meta":{"values":{"0":[["custom","bytes"]]}}}',
    '{"$rqts":1,"json":[1],"meta":{"values":"x"}}',
    '{"$rqts":1,"json":[1],"meta":{"values":[["Date"],[["Date"]]]}}',
    `{"$rqts":1,"json":1,"meta":{"values":${'{"a":'.repeat(100_000)}["Date"]${'}'.repeat(100_000)}}}`,
  ]
  test.each(broken.map((text) => [text.slice(0, 90), text]))('%s', (_, text) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ name: 'RqtsError', code: 'RQTS_CORRUPT' }))
  })

  test('the error says nothing of what the text holds', () => {
    try {
      decode('{"password":"hunter2"')
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
      expect((error as Error).cause).toBeUndefined()
    }
    expect.assertions(2)
  })

  test('plain JSON of any depth is read', () => {
    expect(Array.isArray(decode('['.repeat(100_000) + ']'.repeat(100_000)))).toBe(true)
  })
})

describe('prototype pollution', () => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort().join()
  const clean = (): void => {
    expect(Object.getOwnPropertyNames(Object.prototype).sort().join()).toBe(before)
    expect(Object.getOwnPropertyNames(Array.prototype)).not.toContain('admin')
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
    expect((() => 0) as unknown as Record<string, unknown>).not.toHaveProperty('admin')
  }

  const attacks = [
    '{"__proto__":{"admin":true}}',
    '[{"constructor":{"prototype":{"admin":true}}}]',
    '{"$rqts":1,"json":{"__proto__":{"admin":true}},"meta":{"values":{"__proto__.admin":["Date"]},"v":1}}',
    '{"$rqts":1,"json":{"a":{}},"meta":{"values":{"a.__proto__.admin":["undefined"]},"v":1}}',
    '{"$rqts":1,"json":{"a":{}},"meta":{"values":{"a":{"__proto__":{"admin":["number"]}}},"v":1}}',
    '{"$rqts":1,"json":{"a":{}},"meta":{"values":{"a.constructor.prototype.admin":["undefined"]},"v":1}}',
    '{"$rqts":1,"json":{"a":{}},"meta":{"values":{"constructor":{"prototype.admin":["undefined"]}},"v":1}}',
    '{"$rqts":1,"json":{"a":1,"b":{}},"meta":{"values":{},"referentialEqualities":{"a":["__proto__.admin","b.__proto__.admin","constructor.prototype.admin"]},"v":1}}',
    '{"$rqts":1,"json":{"a":1},"meta":{"values":{"toString.admin":["undefined"],"hasOwnProperty.constructor.admin":["undefined"]},"v":1}}',
    '{"$rqts":1,"json":[{"name":"x","message":"y","__proto__":{"admin":true},"cause":{"__proto__":{"admin":1}}}],"meta":{"values":{"0":[["custom","error"]]},"v":1}}',
    '{"$rqts":1,"json":[[["__proto__",{"admin":true}]]],"meta":{"values":{"0":["map"]},"v":0}}',
    '{"$rqts":1,"json":{"a\\\\":{}},"meta":{"values":{"a\\\\.__proto__.admin":["undefined"]},"v":0}}',
  ]
  test.each(attacks)('%s', (text) => {
    try {
      decode(text)
    } catch (error) {
      expect(error).toMatchObject({ code: 'RQTS_CORRUPT' })
    }
    clean()
  })

  test('fuzzed annotations and values', () => {
    const word = fc.constantFrom('__proto__', 'constructor', 'prototype', 'admin', 'a', '0', '1', '\\\\.', 'toString', '')
    const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
    const type = fc.constantFrom<unknown[]>(
      'undefined',
      'Date',
      'set',
      'map',
      'number',
      'bigint',
      'URL',
      'regexp',
      'Error',
      ['custom', 'error'],
      ['custom', 'bytes'],
      ['custom', '__proto__'],
      ['class', 'a'],
      ['symbol', 'a'],
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        type.map((t) => [t]),
        fc.tuple(type, fc.dictionary(path, tie('tree'), { maxKeys: 2 })),
        fc.dictionary(path, tie('tree'), { maxKeys: 3 }),
      ),
    }))
    const { data } = fc.letrec<{ data: unknown }>((tie) => ({
      data: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(1, 'x', null),
        fc.array(tie('data'), { maxLength: 3 }),
        fc.dictionary(word, tie('data'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(data, tree, fc.boolean(), (json, values, plain) => {
        const text = plain
          ? JSON.stringify(json)
          : JSON.stringify({ $rqts: 1, json, meta: { values, v: 1, referentialEqualities: values } })
        try {
          decode(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'RQTS_CORRUPT' })
        }
        clean()
      }),
      { numRuns: 3_000 },
    )
  })
})
