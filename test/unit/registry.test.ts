import { describe, expect, test } from 'vitest'
import type { AnyFunction } from '../../lib/task/infer.ts'
import { editDistance, nearestNames } from '../../lib/task/nearest.ts'
import { TaskRegistry } from '../../lib/task/registry.ts'
import { defineTask } from '../../lib/task/task.ts'
import fc from '../support/property.ts'

function add(): void {}
const named = (name: string): AnyFunction => ({ [name]: () => name })[name]!
const withTasks = (...names: string[]): TaskRegistry => {
  const registry = new TaskRegistry()
  for (const name of names) registry.add(named(name))
  return registry
}

describe('add', () => {
  test('takes tasks and functions, under their own or a given name', () => {
    const registry = new TaskRegistry()
    const task = defineTask({ name: 'mail.send', timeout: 5 }, add)
    registry.add(task)
    registry.add(add)
    registry.add(() => 1, 'given')
    expect(registry.names()).toEqual(['add', 'given', 'mail.send'])
    expect(registry.size).toBe(3)
    expect(registry.get('mail.send')).toMatchObject({ handler: add, normal: { timeoutMs: 5 } })
    expect(registry.get('add')).toMatchObject({ handler: add, place: expect.stringMatching(/registry\.test\.ts:\d+$/) as string })
  })

  test('misses the names that every object has', () => {
    const registry = withTasks('a')
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(registry.get(name)).toBeUndefined()
      expect(registry.has(name)).toBe(false)
    }
  })

  test('refuses what has no name', () => {
    expect(() => new TaskRegistry().add([() => 1][0]!)).toThrow(expect.objectContaining({ code: 'RQTS_BAD_TASK' }))
    expect(() => new TaskRegistry().add(add.bind(null))).toThrow(/bound/)
    expect(() => new TaskRegistry().add(add, 'a b')).toThrow(expect.objectContaining({ code: 'RQTS_BAD_NAME' }))
  })
})

describe('two tasks of one name', () => {
  test('are an error that names both places', () => {
    const registry = new TaskRegistry()
    registry.add(defineTask('same', () => 1))
    const second = defineTask('same', () => 2)
    expect(() => registry.add(second)).toThrow(
      expect.objectContaining({
        code: 'RQTS_DUPLICATE_TASK',
        message: expect.stringMatching(/'same': one at .*registry\.test\.ts:\d+, one at .*registry\.test\.ts:\d+\. Rename/) as string,
      }),
    )
    registry.addModule({ other: named('x') }, 'a.ts')
    expect(() => registry.addModule({ other: named('y') }, 'b.ts')).toThrow(/one at a\.ts, export other, one at b\.ts, export other/)
  })

  test('are an error also on one line, and as functions without a place of their own', () => {
    const pair = [defineTask('same', () => 1), defineTask('same', () => 2)] as const
    const registry = new TaskRegistry()
    registry.add(pair[0])
    expect(() => registry.add(pair[1])).toThrow(expect.objectContaining({ code: 'RQTS_DUPLICATE_TASK' }))
    expect(() => new TaskRegistry().addModule({ a: pair[0], b: pair[1] }, 'a.ts')).toThrow(/Two tasks are named 'same'/)
    const functions = new TaskRegistry()
    functions.add(named('add'), undefined, 'tasks[0]')
    expect(() => functions.add(named('add'), undefined, 'tasks[1]')).toThrow(/one at tasks\[0\], one at tasks\[1\]/)
  })

  test('are fine when they are one: the same function, or the same file loaded again', () => {
    const registry = new TaskRegistry()
    const task = defineTask('t', add)
    registry.add(task)
    registry.add(task)
    registry.addModule({ task, again: task, add }, 'a.ts')
    const reloaded = named('add')
    registry.addModule({ fresh: add }, 'c.ts')
    registry.addModule({ fresh: reloaded }, 'c.ts')
    expect(registry.get('fresh')?.handler).toBe(reloaded)
  })

  test('a function does not hide the task that was made from it', () => {
    const task = defineTask({ name: 'add', timeout: 7 }, add)
    for (const module of [
      { a: task, add },
      { add, z: task },
    ]) {
      const registry = new TaskRegistry()
      registry.addModule(module, 'a.ts')
      expect(registry.get('add')?.normal.timeoutMs).toBe(7)
    }
  })
})

describe('addModule', () => {
  test('takes exported tasks and functions, nothing else', () => {
    const registry = new TaskRegistry()
    class Mailer {}
    const names = registry.addModule(
      {
        renamed: add,
        t: defineTask('own.name', add),
        Mailer,
        version: '1',
        config: { add },
        nothing: null,
        $private: add,
        bound: add.bind(null),
      },
      'a.ts',
    )
    expect(names.sort()).toEqual(['bound', 'own.name', 'renamed'])
    expect(registry.names()).toEqual(['bound', 'own.name', 'renamed'])
  })

  test.each<[string, object, string[]]>([
    ['a named default function', { default: add }, ['add']],
    ['a task as default', { default: defineTask('d', add) }, ['d']],
    ['an unnamed default function', { default: { default: () => 1 }.default }, []],
    ['an unnamed default function, loaded by jiti', { default: { _default: () => 1 }._default }, []],
    ['a CommonJS module', { default: { add, more: named('more') }, add, __esModule: true }, ['add', 'more']],
    ['a CommonJS module as newer Nodes show it', { 'module.exports': { add }, default: { add } }, ['add']],
    ['a CommonJS function', { 'module.exports': add, default: add }, ['add']],
    ['default null', { default: null }, []],
  ])('%s', (_, module, names) => {
    expect(new TaskRegistry().addModule(module, 'a.ts').sort()).toEqual(names)
  })
})

describe('unknown tasks', () => {
  test('the error names the nearest ones and what to do', () => {
    const error = withTasks('mail.send', 'mail.sendAll', 'resizeImage', 'report').unknownTaskError('mail.sned')
    expect(error.code).toBe('RQTS_UNKNOWN_TASK')
    expect(error.message).toMatch(
      /^No task named 'mail\.sned' is known to this worker: it knows 4 tasks, most like it 'mail\.send', 'mail\.sendAll'\. .*--tasks FILE.*requeue/,
    )
  })

  test('says so when there is none like it, or none at all', () => {
    expect(withTasks('abc').unknownTaskError('xyzxyzxyz').message).toContain('it knows 1 task. Check')
    expect(new TaskRegistry().unknownTaskError('x').message).toContain('it has loaded no tasks at all')
  })

  test('knows a function that is exported under another name', () => {
    const registry = new TaskRegistry()
    registry.addModule({ plus: add }, 'a.ts')
    expect(registry.unknownTaskError('add').message).toContain("a function of that name is exported as 'plus' (a.ts, export plus)")
  })

  test('nearest: few, best first, case aside', () => {
    const registry = withTasks('send', 'sendMail', 'sendmails', 'mail.send', 'remove')
    expect(registry.nearest('SendMail')).toEqual(['sendMail', 'sendmails', 'send'])
    expect(registry.nearest('sendMail', 1)).toEqual(['sendMail'])
    expect(nearestNames('x'.repeat(1e6), ['xx'], 3)).toEqual([])
  })

  test('the edit distance is one', () => {
    const word = fc.string({ maxLength: 12 })
    expect([editDistance('', ''), editDistance('abc', ''), editDistance('kitten', 'sitting')]).toEqual([0, 3, 3])
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c))
      }),
    )
  })
})
