import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { clock } from '../../lib/clock.ts'
import { RqtsError } from '../../lib/errors.ts'
import { createLogger, type LoggerOptions, silentLogger } from '../../lib/logger.ts'
import { isSecretName, redactUrl } from '../../lib/redact.ts'

const NOON = new Date(2024, 1, 29, 12, 34, 56, 789)
const ESC = '\u001b'

beforeEach(() => void vi.spyOn(clock, 'now').mockReturnValue(NOON.getTime()))
afterEach(() => vi.restoreAllMocks())

function logged(options: LoggerOptions, fields: object, message = 'hello'): string {
  let text = ''
  createLogger({ stream: { write: (line) => (text += line) }, ...options }).warn(fields, message)
  return text
}
const json = (fields: object, message?: string) => JSON.parse(logged({ format: 'json' }, fields, message)) as Record<string, unknown>
const pretty = (fields: object, message?: string) => logged({ color: false }, fields, message)

describe('createLogger', () => {
  test('json: one object per line', () => {
    expect(logged({ format: 'json' }, { job: 'j1', attempt: 2, nothing: undefined, none: null })).toBe(
      `{"time":"${NOON.toISOString()}","level":"warn","msg":"hello","job":"j1","attempt":2,"none":null}\n`,
    )
    expect(json({ msg: 'forged', level: 'debug', time: 0 })).toMatchObject({ msg: 'hello', level: 'warn' })
  })

  test('pretty: time, message, fields', () => {
    expect(pretty({ job: 'j1', attempt: 2, text: 'two words', list: [1, 'a'], nothing: undefined })).toBe(
      '12:34:56 WARN hello job=j1 attempt=2 text="two words" list=[1,"a"]\n',
    )
    expect(logged({ color: true }, { job: 'j1' })).toBe(
      `${ESC}[90m12:34:56${ESC}[0m ${ESC}[33mWARN${ESC}[0m ${ESC}[33mhello${ESC}[0m ${ESC}[90mjob=${ESC}[0mj1\n`,
    )
  })

  test('a Redis that is away is one line: no code is at fault', () => {
    const error = new RqtsError('RQTS_REDIS_UNAVAILABLE', 'Cannot reach Redis')
    expect(pretty({ error })).toBe('12:34:56 WARN hello error="RqtsError: Cannot reach Redis"\n')
  })

  test('errors: the message in the line, the stack below it', () => {
    const error = Object.assign(new TypeError('it broke'), { code: 'E_X', cause: new Error('why') })
    expect(pretty({ error })).toMatch(/^12:34:56 WARN hello error="TypeError: it broke"\n {2}at .*logger\.test\.ts/)
    expect(json({ error })['error']).toMatchObject({
      name: 'TypeError',
      message: 'it broke',
      code: 'E_X',
      stack: error.stack,
      cause: { message: 'why' },
    })
  })

  test('levels', () => {
    const lines: string[] = []
    for (const level of ['debug', 'info', 'warn', 'error', 'silent'] as const) {
      const logger = createLogger({ level, color: false, stream: { write: (line) => lines.push(line) } })
      for (const of of ['debug', 'info', 'warn', 'error'] as const) logger[of]({}, `${level}/${of}`)
    }
    const written = lines.map((line) => line.trim().split(' ').at(-1))
    expect(written).toEqual([
      'debug/debug',
      'debug/info',
      'debug/warn',
      'debug/error',
      'info/info',
      'info/warn',
      'info/error',
      'warn/warn',
      'warn/error',
      'error/error',
    ])
    expect(silentLogger.error({}, 'x')).toBeUndefined()
  })

  test('color: for terminals, unless NO_COLOR says no', () => {
    vi.stubEnv('NO_COLOR', '')
    let text = ''
    const stream = { isTTY: true, write: (line: string) => (text += line) }
    createLogger({ stream }).info({}, 'x')
    expect(text).toContain(ESC)
    vi.stubEnv('NO_COLOR', '1')
    text = ''
    createLogger({ stream }).info({}, 'x')
    expect(text).not.toContain(ESC)
    vi.unstubAllEnvs()
  })

  test.each<[string, string, string]>([
    ['ANSI colours', `a${ESC}[31mred${ESC}[0m`, 'ared'],
    ['a window title', `a${ESC}]0;evil\u0007b`, 'ab'],
    ['a one-byte CSI', 'a\u009b31mb', 'a31mb'],
    ['bell, backspace, carriage return', 'a\u0007\b\rb', 'ab'],
    ['a reversal of direction', 'a\u202etxt.exe', 'atxt.exe'],
  ])('%s in data never reaches the terminal', (_, evil, safe) => {
    expect(pretty({ f: evil })).toContain(` f=${safe}\n`)
    expect(pretty({}, evil)).toBe(`12:34:56 WARN ${safe}\n`)
    expect(pretty({ [evil]: 1 })).toContain(` ${safe}=1\n`)
    expect(pretty({ error: new Error(evil) })).toContain(safe)
    expect(json({ f: evil, o: { [evil]: [evil] } }, evil)).toMatchObject({ msg: safe, f: safe, o: { [safe]: [safe] } })
  })

  test('a line break in data forges no line', () => {
    const evil = 'a\n12:00:00 ERROR forged'
    for (const line of [pretty({ f: evil }), pretty({}, evil), pretty({ [evil]: 1 }), logged({ format: 'json' }, { f: evil }, evil)]) {
      expect(line.trimEnd().split('\n')).toHaveLength(1)
    }
    expect(json({ f: evil })['f']).toBe(evil)
  })

  test('takes whatever it is given', () => {
    const circular: Record<string, unknown> = { n: 1n, s: Symbol('s'), date: new Date(0), bad: new Date(Number.NaN) }
    circular['self'] = circular
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap')
        },
      },
    )
    expect(json({ circular, trap, f: () => 1, long: 'x'.repeat(1e6) })).toMatchObject({
      circular: { n: '1', s: 'Symbol(s)', date: '1970-01-01T00:00:00.000Z', bad: 'an invalid Date' },
      trap: 'unreadable',
    })
    expect(pretty({ circular, trap }).length).toBeLessThan(2_000)
    const error = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('trap')
      },
    })
    expect(pretty({ error, a: 1 })).toContain('error=unreadable a=1')
    expect(json({ error })).toMatchObject({ error: 'unreadable' })
    expect(logged({ format: 'json' }, { long: 'x'.repeat(1e6) }).length).toBeLessThan(10_000)
  })

  test('passwords stay out', () => {
    const url = 'rediss://me:hunter2@host:1/0?token=hunter2'
    const error = new Error(`connect ${url}`)
    expect(json({ text: `${'x'.repeat(8_180)}redis://a:hunter2${'2'.repeat(400)}@h` })['text']).not.toContain('hunter')
    for (const line of [
      pretty({ url, password: 'hunter2', nested: { apiKey: 'hunter2' }, error }, url),
      logged({ format: 'json' }, { url, password: 'hunter2', error, list: [url] }, url),
    ]) {
      expect(line).not.toContain('hunter2')
      expect(line).toContain('rediss://me:***@host:1/0?token=***')
    }
  })
})

describe('redactUrl', () => {
  test.each<[string, string]>([
    ['redis://user:pass@host:6379/0', 'redis://user:***@host:6379/0'],
    ['redis://:pass@host', 'redis://:***@host'],
    ['redis://host:6379', 'redis://host:6379'],
    ['redis://user@host', 'redis://user@host'],
    ['redis://:p@ss@host', 'redis://:***@host'],
    ['redis://:p/a?s#s@host', 'redis://:***@host'],
    ['rediss+sentinel://u:p/a@host', 'rediss+sentinel://u:***@host'],
    ['valkey://u:%40x@host', 'valkey://u:***@host'],
    ['https://u:p@host/path?a=1&password=x&b=2#f', 'https://u:***@host/path?a=1&password=***&b=2#f'],
    ['https://host/a:b@c', 'https://host/a:b@c'],
    ['https://host?api_key=1&apikey=2&access_token=3&monkey=4', 'https://host?api_key=***&apikey=***&access_token=***&monkey=4'],
    ['see redis://a:b@c and http://d:e@f', 'see redis://a:***@c and http://d:***@f'],
    ['no url, just a@b:c', 'no url, just a@b:c'],
    ['', ''],
  ])('%s', (url, safe) => {
    expect(redactUrl(url)).toBe(safe)
  })

  test('is quick for any text', () => {
    const before = process.cpuUsage()
    for (const text of [
      'redis://'.repeat(10_000),
      'redis://:'.repeat(10_000),
      `redis://a:${'b'.repeat(1e5)}`,
      '?token='.repeat(10_000),
      '://:'.repeat(20_000),
    ])
      redactUrl(text)
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(5_000)
  })

  test('names of secrets', () => {
    expect(['password', 'redisPassword', 'clientSecret', 'authorization', 'api_key', 'passwd'].every(isSecretName)).toBe(true)
    expect(['job', 'passed', 'key', 'tokens', 'compass direction'].some(isSecretName)).toBe(false)
  })
})
