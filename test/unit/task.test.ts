import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { AnyFunction } from '../../lib/task/infer.ts'
import { tasks } from '../../lib/task/reference.ts'
import { resolveTask } from '../../lib/task/resolve.ts'
import { type StandardSchemaV1, validateArgs } from '../../lib/task/schema.ts'
import { defineTask, definitionOfTask, TASK, type TaskOptions } from '../../lib/task/task.ts'

export function add(a: number, b = 1): number {
  return a + b
}

describe('defineTask', () => {
  test('is called like the function, with its `this`', async () => {
    const plus = defineTask('plus', add)
    expect([plus(1), plus(1, 2), plus.name, plus.length, plus.taskName]).toEqual([2, 3, 'plus', 1, 'plus'])
    const whoAmI = defineTask('who', function (this: { id: string }) {
      return Promise.resolve(this.id)
    })
    expect(await Reflect.apply(whoAmI, { id: 'job-1' }, [])).toBe('job-1')
    expect(() =>
      defineTask('bad', () => {
        throw new Error('mine')
      })(),
    ).toThrow('mine')
  })

  test('carries its definition under a symbol that every copy of the library shares', () => {
    const backoff = (n: number): number => n
    const args = z.tuple([z.number()])
    const task = defineTask({ name: 'a.b', queue: 'q', timeout: '1s', retry: { max: 1, backoff }, args }, (n) => n)
    const definition = definitionOfTask(task)!
    expect(definition).toMatchObject({
      name: 'a.b',
      queue: 'q',
      backoff,
      schema: args,
      defaults: { timeout: '1s' },
      normal: { timeoutMs: 1_000, retry: { max: 1, backoff: 'task' } },
    })
    expect(definition.place).toMatch(/task\.test\.ts:\d+$/)
    expect(TASK).toBe(Symbol.for('rqts.task'))
    expect(Object.keys(task)).toEqual(['taskName'])
    expect(definitionOfTask(add)).toBeUndefined()
    expect(definitionOfTask(null)).toBeUndefined()
  })

  test('can be extended, and told whose caller its place is', () => {
    function publicTask(name: string, fn: AnyFunction) {
      return defineTask(name, fn, { caller: publicTask, extend: (task) => ({ delay: () => task.taskName }) })
    }
    const direct = definitionOfTask(defineTask('here', add))!.place
    const extended = publicTask('there', add)
    expect(extended.delay()).toBe('there')
    const line = (place: string): number => Number(place.slice(place.lastIndexOf(':') + 1))
    expect(line(definitionOfTask(extended)!.place)).toBe(line(direct) + 1)
  })

  test.each<[string, unknown, unknown, string, RegExp]>([
    ['an unknown option', { name: 'a', timout: 1 }, add, 'RQTS_BAD_OPTION', /Unknown option 'timout' of task 'a'; known are name, queue/],
    ['an option of single jobs', { name: 'a', jobId: 'x' }, add, 'RQTS_BAD_OPTION', /Unknown option 'jobId'/],
    ['a bad duration', { name: 'a', timeout: 'soon' }, add, 'RQTS_BAD_DURATION', /timeout/],
    ['a bad retry', { name: 'a', retry: { max: -1 } }, add, 'RQTS_BAD_OPTION', /retry\.max/],
    ['a bad queue', { name: 'a', queue: '{}' }, add, 'RQTS_BAD_NAME', /queue name/],
    ['a bad name', 'a b', add, 'RQTS_BAD_NAME', /task name/],
    ['no name', {}, add, 'RQTS_BAD_NAME', /task name/],
    ['no options', null, add, 'RQTS_BAD_TASK', /takes a name or/],
    ['no function', 'a', 5, 'RQTS_BAD_TASK', /task\('a', fn\) takes a function second; got 5/],
    ['a task again', 'a', defineTask('b', add), 'RQTS_BAD_TASK', /was given a task, 'b'/],
    ['no schema', { name: 'a', args: {} }, add, 'RQTS_BAD_OPTION', /Standard Schema/],
  ])('refuses %s', (_, options, fn, code, message) => {
    expect(() => defineTask(options as TaskOptions<[]>, fn as () => void)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    )
  })
})

describe('resolveTask', () => {
  test('finds the name of a task, a function, a text, a reference', () => {
    const task = defineTask('math.add', add)
    expect(resolveTask(task)).toEqual({ name: 'math.add', definition: definitionOfTask(task) })
    expect(resolveTask(add)).toEqual({ name: 'add' })
    expect(resolveTask(add)).toBe(resolveTask(add))
    const arrow = async (): Promise<void> => {}
    expect(resolveTask(arrow).name).toBe('arrow')
    expect(resolveTask('a/b').name).toBe('a/b')
    expect(resolveTask(tasks<{ mail: typeof add }>().mail).name).toBe('mail')
  })

  class Mailer {}
  test.each<[string, unknown, RegExp]>([
    ['an arrow without a name', [(): number => 1][0], /it has no name/],
    ['a default export', { default: (): number => 1 }.default, /its name is 'default'/],
    ['a bound function', add.bind(null), /it is bound \('bound add'\)/],
    ['a native function', Math.max, /'max' is native code/],
    ['a class', Mailer, /'Mailer' is a class/],
    ['an anonymous class', [class {}][0], /no name/],
    ['nothing', undefined, /got undefined/],
    ['an object', {}, /got an object/],
    ['what a function returned', Promise.resolve(3), /got a Promise\. Give the function itself/],
  ])('refuses %s', (_, target, message) => {
    expect(() => resolveTask(target as AnyFunction)).toThrow(
      expect.objectContaining({ code: 'RQTS_BAD_TASK', message: expect.stringMatching(message) as string }),
    )
    if (typeof target === 'function') expect(() => resolveTask(target as AnyFunction)).toThrow(/task\('sendMail', fn\)/)
  })

  test('refuses names that are none', () => {
    const { 'a b': spaced } = { 'a b': (): number => 1 }
    expect(() => resolveTask(spaced)).toThrow(expect.objectContaining({ code: 'RQTS_BAD_NAME' }))
    expect(() => resolveTask('')).toThrow(expect.objectContaining({ code: 'RQTS_BAD_NAME' }))
  })
})

describe('tasks<…>()', () => {
  const remote = tasks<{ add: typeof add; 'math.mul': AnyFunction }>()

  test('knows the name of each task and nothing more', () => {
    expect(remote.add.taskName).toBe('add')
    expect(remote.add.name).toBe('add')
    expect(remote['math.mul'].taskName).toBe('math.mul')
    expect(remote.add).toBe(remote.add)
    expect(() => remote.add(1, 2)).toThrow(
      expect.objectContaining({ code: 'RQTS_BAD_TASK', message: expect.stringMatching(/'add' is only a reference.*enqueue/) as string }),
    )
  })

  test('can be awaited and returned from async functions', async () => {
    expect(await Promise.resolve(remote)).toBe(remote)
  })
})

describe('validateArgs', () => {
  const schema = (validate: (value: unknown) => unknown): StandardSchemaV1 => ({
    '~standard': { version: 1, vendor: 'test', validate: validate as never },
  })

  test('gives back what the schema makes of the arguments, at once or later', async () => {
    const tuple = z.tuple([z.string().transform(Number), z.number().default(2)])
    expect(validateArgs(tuple, ['1'], 't')).toEqual([1, 2])
    expect(await validateArgs(z.tuple([z.string().refine((text) => Promise.resolve(text === 'x'))]), ['x'], 't')).toEqual(['x'])
    expect(
      await validateArgs(
        schema((value) => Promise.resolve({ value })),
        [1],
        't',
      ),
    ).toEqual([1])
  })

  test('names task, places and reasons', async () => {
    const tuple = z.tuple([z.object({ to: z.email(), tags: z.array(z.string()) }), z.number()])
    const bad = [{ to: 'x', tags: ['a', 5] }, '3']
    const message = /^The arguments of task 'mail' do not fit its schema: args\[0\]\.to: .+; args\[0\]\.tags\[1\]: .+; args\[1\]: .+/
    const expected = expect.objectContaining({ code: 'RQTS_BAD_ARGS', message: expect.stringMatching(message) as string }) as Error
    expect(() => validateArgs(tuple, bad, 'mail')).toThrow(expected)
    await expect(
      (async () =>
        validateArgs(
          schema((value) => Promise.resolve(tuple['~standard'].validate(value))),
          bad,
          'mail',
        ))(),
    ).rejects.toThrow(expected)
  })

  test('takes issues in every form of the specification', () => {
    const issues = [
      { message: 'one' },
      { message: 'two', path: [{ key: 0 }, Symbol('s'), 'x'] },
      ...Array.from({ length: 9 }, () => ({ message: 'more' })),
    ]
    expect(() =>
      validateArgs(
        schema(() => ({ issues })),
        [],
        't',
      ),
    ).toThrow(/args: one; args\[0\]\[Symbol\(s\)\]\.x: two; .*; and 6 more/)
  })

  test('a broken schema is bad arguments with a cause', async () => {
    const boom = new Error('boom')
    const expected = expect.objectContaining({ code: 'RQTS_BAD_ARGS', cause: boom }) as Error
    expect(() =>
      validateArgs(
        schema(() => {
          throw boom
        }),
        [],
        't',
      ),
    ).toThrow(expected)
    await expect(
      validateArgs(
        schema(() => Promise.reject(boom)),
        [],
        't',
      ),
    ).rejects.toThrow(expected)
    expect(() =>
      validateArgs(
        z.any().transform(() => 'no list'),
        [],
        't',
      ),
    ).toThrow(/must describe its list of arguments/)
  })
})
