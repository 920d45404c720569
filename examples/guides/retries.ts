import { JobFailed, Queue } from 'rqts'
import { alwaysFails, callPartner, politely } from './tasks.ts'

const queue = new Queue()

// #region task
const job = await queue.enqueue(callPartner, ['/orders'])
console.log(await job.result({ timeout: '30s' })) // /orders answered attempt 3
// #endregion

// #region attempts
for (const { attempt, outcome, error } of await job.attempts()) console.log(attempt, outcome, error?.message)
// #endregion

// #region job
await queue.enqueue(callPartner, ['/stock'], { retry: 3 }) // at once, three more attempts
await queue.enqueue(callPartner, ['/stock'], { retry: { max: 3, delays: ['1s', '10s', '1m'] } })
// #endregion

console.log(await (await queue.enqueue(politely)).result({ timeout: '30s' }))

// #region failed
const hopeless = await queue.enqueue(alwaysFails, [], { retry: { max: 1, delay: 10 } })
try {
  await hopeless.result({ timeout: '30s' })
} catch (error) {
  if (error instanceof JobFailed) console.log(error.message, '·', error.cause) // TypeError: no such host
}
await hopeless.requeue() // once more, with two attempts again
// #endregion

// #region settle
const outcome = await hopeless.settle({ timeout: '30s' })
if (outcome.status !== 'finished') console.log(outcome.status, outcome.error.message)
console.log(await queue.registry('failed').requeueAll(), 'tried again')
// #endregion
await hopeless.settle({ timeout: '30s' })

await queue.close()
