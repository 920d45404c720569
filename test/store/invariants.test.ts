import { afterEach, describe, expect, test } from 'vitest'
import { checkInvariants } from '../../lib/testing/invariants.ts'
import { BROKEN } from '../support/broken.ts'
import { digest, wipe } from '../support/keyspace.ts'
import { seed } from '../support/state.ts'
import { storeOfFile } from '../support/table.ts'

describe('the checker finds', () => {
  const store = storeOfFile()
  afterEach(() => wipe(store()))
  for (const { name, given, also, finds } of BROKEN) {
    test(name, async () => {
      const now = await store().now()
      await seed(store(), 'q', given, now)
      if (also) await seed(store(), 'r', also, now)
      const before = await digest(store())
      const found = (await checkInvariants(store(), { queues: ['q'] })).sort((a, b) => (`${a.rule} ${a.id}` < `${b.rule} ${b.id}` ? -1 : 1))
      expect(found.map(({ rule, id }) => [rule, id])).toEqual(finds.map(([rule, id]) => [rule, id]))
      found.forEach((violation, i) => expect(violation.text).toContain(finds[i]![2]))
      expect(await digest(store())).toBe(before)
    })
  }
})
