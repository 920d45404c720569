import { Queue, tasks } from 'rqts'
import { importRows, sendWelcome, thumbnail } from './tasks.ts'

const queue = new Queue()

// #region enqueue
const welcome = await queue.enqueue(sendWelcome, [42, 'de'])
const { lang } = await welcome.result({ timeout: '30s' }) // 'en' | 'de'

// @ts-expect-error The second argument is 'en' or 'de'
await queue.enqueue(sendWelcome, [42, 'fr'])
// #endregion

// #region delay
const image = await thumbnail.delay('https://example.org/a.png', 640) // on 'images'
console.log(await image.result({ timeout: '30s' }))
// #endregion

// #region types-only
const jobs = tasks<typeof import('./tasks.ts')>() // the module itself is not loaded
await queue.enqueue(jobs.sendWelcome, [43])
// #endregion

// #region progress
const rows = await queue.enqueue(importRows, [30])
for await (const update of rows.events()) {
  if (update.type === 'progress') console.log('progress', update.value)
}
console.log(await rows.logs())
// #endregion

// #region refused
try {
  // @ts-expect-error 9999 is a number, but more than the schema allows; the URL is no URL
  await queue.enqueue(thumbnail, ['not a url', 9_999, 'and more'])
} catch (error) {
  console.log((error as Error).message)
}
// #endregion

console.log(lang)
await queue.close()
const { closeSharedConnections } = await import('rqts')
await closeSharedConnections()
