import assert from 'node:assert'
import { Queue } from 'rqts'
import { drain, expectEnqueued, inlineQueue, startPrivateRedis } from 'rqts/testing'
import { sendWelcome } from './tasks.ts'

// #region inline
// No Redis: each job runs at once, in this process. Arguments and results still pass through the codec.
const inline = inlineQueue()
const job = await inline.enqueue(sendWelcome, [1])
assert.equal((await job.result()).sent, true)
// #endregion

// #region program
async function signUp(queue: Queue, userId: number): Promise<void> {
  await queue.enqueueIn('1h', sendWelcome, [userId])
}
// #endregion

// #region real
const redis = await startPrivateRedis() // a server for these tests alone
const queue = new Queue('default', { connection: redis.url })
await signUp(queue, 2)
const later = await expectEnqueued(queue, sendWelcome, [2]) // or an AssertionError that lists what there is
await later.promote()
const totals = await drain('default', { connection: redis.url, tasks: [sendWelcome] }) // runs until nothing is left
assert.deepEqual(totals, { processed: 1, succeeded: 1, failed: 0 })
await queue.close()
await redis.stop()
// #endregion

console.log('all as expected')
