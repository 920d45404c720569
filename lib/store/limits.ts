import { DEFAULT_PER_KEY, type Limits } from '../job/limits.ts'
import { toFields } from './hash.ts'
import { registerQueue } from './queues.ts'
import type { Store } from './store.ts'

/** `changes` as `normalizeLimits` returns them; null ends all limits. They hold when this returns. */
export async function changeLimits(store: Store, queue: string, changes: object | null): Promise<void> {
  let patch = JSON.stringify(changes)
  for (let cursor = '0'; ; patch = '') {
    cursor = String(await store.run('limits', queue, [patch, cursor]))
    if (cursor === '0') break
  }
  await registerQueue(store, queue)
}

export async function readLimits(store: Store, queue: string): Promise<Limits> {
  const [text, fields] = await store.client.callAll([
    ['HGET', store.keys.queuePart(queue, 'meta'), 'limits'],
    ['HGETALL', store.keys.queuePart(queue, 'limits')],
  ])
  const stored = fieldsOf(parse(text as string | null))
  const perKey = typeof stored['keys'] === 'number' ? stored['keys'] : DEFAULT_PER_KEY
  const tasks = Object.entries(fieldsOf(stored['tasks'])).map(([task, rule]) => [task, soundRule(rule)] as const)
  const keys = Object.entries(toFields(fields) ?? {}).map(([key, most]) => [key, Number(most)] as const)
  // Always in this order, whatever Lua has made of it.
  return { ...soundRule(stored), tasks: Object.fromEntries(tasks), perKey, keys: Object.fromEntries(keys) }
}

type Rule = Pick<Limits, 'concurrency' | 'rate'>

/** As _rules.lua does: what somebody else has written there limits nothing. */
function soundRule(value: unknown): Rule {
  const { concurrency, rate } = fieldsOf(value)
  const { max, per } = fieldsOf(rate)
  const rule: Rule = {}
  if (typeof concurrency === 'number') rule.concurrency = concurrency
  if (typeof max === 'number' && typeof per === 'number') rule.rate = { max, per }
  return rule
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function parse(text: string | null): unknown {
  try {
    return text === null ? {} : JSON.parse(text)
  } catch {
    return {}
  }
}
