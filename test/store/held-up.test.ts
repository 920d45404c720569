import { expect, it } from 'vitest'
import { stage } from '../support/stage.ts'

it('a program that was held up longer than a call may take still hears the answer that has come meanwhile', async () => {
  const { store, queue } = await stage()
  await queue('q').enqueue('later', [])
  const call = store.client.run('counts', [store.keys.base('q')], [], 250)
  // The loop does nothing at all for this time.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  expect(await call).toMatchObject({ 0: 1 })
})
