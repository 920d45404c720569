import { Queue } from 'rqts'
import { callPartner, importRows, lookForFile, rebuildPage, resetPassword } from './tasks.ts'

const queue = new Queue('limited')

// #region priority
await queue.enqueue(importRows, ['acme', 900], { priority: -1 }) // when nothing else waits
await queue.enqueue(importRows, ['acme', 10]) // level 0
const mail = await queue.enqueue(resetPassword, ['ann@example.com']) // level 5, as its task says: before both
// #endregion
console.log(await mail.result({ timeout: '30s' }))

// #region queue
await queue.setLimits({ concurrency: 5, rate: { max: 100, per: '1m' } })
console.log(await queue.limits()) // { concurrency: 5, rate: { max: 100, per: 60000 }, tasks: {}, perKey: 1, keys: {} }
await queue.setLimits({ rate: null }) // only this one ends
// #endregion

// #region task
await queue.setLimits({ tasks: { callPartner: { concurrency: 2, rate: { max: 10, per: '1s' } } } })
// #endregion
const call = await queue.enqueue(callPartner, ['/orders'])
console.log(await call.result({ timeout: '30s' }))

// #region key
const jobs = await queue.enqueueMany([
  [importRows, ['acme', 1], { concurrencyKey: 'acme' }],
  [importRows, ['acme', 2], { concurrencyKey: 'acme' }], // waits for the one before
  [importRows, ['globex', 3], { concurrencyKey: 'globex' }], // does not
])
await queue.setLimits({ perKey: 2, keys: { acme: 4 } }) // two of each key at a time, four of acme
// #endregion
for (const job of jobs) console.log(await job.result({ timeout: '30s' }))

// #region debounce
const options = { unique: { key: 'page:/home', mode: 'replace', maxWait: '5s' }, delay: '200ms' } as const
await queue.enqueue(rebuildPage, ['/home', 1], options)
await queue.enqueue(rebuildPage, ['/home', 2], options)
const last = await queue.enqueue(rebuildPage, ['/home', 3], options)
console.log(await last.result({ timeout: '30s' })) // /home is at version 3, and it ran once
// #endregion

// #region throttle
const throttled = { unique: { key: 'partner-sync', throttle: '1m', mode: 'return' } } as const
const first = await queue.enqueue(callPartner, ['/sync'], throttled)
const second = await queue.enqueue(callPartner, ['/sync'], throttled)
console.log(first.id === second.id) // true, for a minute
// #endregion

// #region repeat
const looking = await queue.enqueue(lookForFile, [], { repeat: { times: 3, every: '100ms' } })
console.log(await looking.result({ timeout: '30s' })) // 4: the first run and three more
await looking.refresh()
console.log(looking.repeated, looking.attempt) // 3 4
// #endregion

await queue.setLimits(null)
await queue.close()
