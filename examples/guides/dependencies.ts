import { Queue } from 'rqts'
import { alwaysFails, cleanUp, download, index } from './tasks.ts'

const queue = new Queue()

// #region after
const first = await queue.enqueue(download, ['a.zip'])
const second = await queue.enqueue(index, ['a.zip'], { dependsOn: first }) // 'deferred' until then
console.log(await second.result({ timeout: '30s' }))
// #endregion

// #region many
const parts = await queue.enqueueMany([
  [download, ['b.zip']],
  [download, ['c.zip']],
])
const both = await queue.enqueue(index, ['b and c'], { dependsOn: parts })
console.log(await both.result({ timeout: '30s' }))
// #endregion

// #region failure
const broken = await queue.enqueue(alwaysFails, [])
const never = await queue.enqueue(index, ['nothing'], { dependsOn: broken })
const always = await queue.enqueue(cleanUp, ['the mess'], { dependsOn: { jobs: broken, allowFailure: true } })
console.log((await never.settle({ timeout: '30s' })).status) // canceled
console.log(await always.result({ timeout: '30s' }))
// #endregion

await queue.close()
