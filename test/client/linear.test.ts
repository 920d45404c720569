import { expect, test } from 'vitest'
import { Queue } from '../../lib/index.ts'
import { stage } from '../support/stage.ts'

async function work(): Promise<void> {}

const { set } = Map.prototype

/** How many entries go into maps meanwhile: what machine it is makes no difference to that. */
async function entriesSet(during: () => Promise<unknown>): Promise<number> {
  let entries = 0
  Map.prototype.set = function <K, V>(this: Map<K, V>, key: K, value: V) {
    entries++
    return set.call(this, key, value) as Map<K, V>
  }
  try {
    await during()
  } finally {
    Map.prototype.set = set
  }
  return entries
}

test.each([
  ['one list', undefined],
  ['partitions', 4],
])('dependents in one call cost as many steps as there are, not their square: a queue of %s', async (_, partitions) => {
  const { url, prefix } = await stage()
  await using q = new Queue('default', { connection: url, prefix, ...(partitions !== undefined && { partitions }) })
  const parent = await q.enqueue(work, [])
  const children = (count: number) =>
    entriesSet(() => q.enqueueMany(Array.from({ length: count }, () => [work, [], { dependsOn: parent }] as const)))
  await children(10)
  const [few, many] = [await children(200), await children(1_600)]
  // Eight times as many jobs; their square would be 64 times as much.
  expect(many).toBeLessThan(20 * few)
})
