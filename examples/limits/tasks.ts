import { setTimeout as sleep } from 'node:timers/promises'
import { task } from 'rqts'

export const callPartner = task('callPartner', async (path: string) => {
  await sleep(5)
  return `${path} answered`
})

export const importRows = task('importRows', async (tenant: string, rows: number) => {
  await sleep(5)
  return `${rows} rows of ${tenant}`
})

export const rebuildPage = task('rebuildPage', (path: string, version: number) => `${path} is at version ${version}`)

let looks = 0
export const lookForFile = task('lookForFile', () => ++looks)

// #region priority
export const resetPassword = task({ name: 'resetPassword', priority: 5 }, (email: string) => `mail to ${email}`)
// #endregion
