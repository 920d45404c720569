import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import type { Driver } from '../../lib/store/driver-options.ts'
import { RedisClient } from '../../lib/store/redis.ts'

/** What a server does meanwhile comes by timers: they have become due in this order when the loop goes on. */
const [DEADLINE_MS, DONE_MS, HELD_UP_MS] = [250, 500, 1_000]

const later = (done: () => void): unknown => setTimeout(done, DONE_MS)

/** The loop does nothing at all for this time. */
const holdUp = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HELD_UP_MS)

it('a program that was held up longer than a call may take still hears the answer that has come meanwhile', async () => {
  const answering = { status: 'ready', call: () => new Promise((resolve) => later(() => resolve('answer'))) }
  const client = new RedisClient(Object.assign(new EventEmitter(), answering) as unknown as Driver, 'here')
  const call = client.run('counts', ['base'], [], DEADLINE_MS)
  holdUp()
  expect(await call).toBe('answer')
})

it('nor does it give up a connection that stands by now', async () => {
  const driver = Object.assign(new EventEmitter(), {
    status: 'wait',
    connect: async () => {
      later(() => {
        driver.status = 'ready'
        driver.emit('ready')
      })
    },
    call: async () => 'answer',
  })
  const call = new RedisClient(driver as unknown as Driver, 'here').run('counts', ['base'], [], DEADLINE_MS)
  holdUp()
  expect(await call).toBe('answer')
})
