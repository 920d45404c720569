import { setTimeout as pause } from 'node:timers/promises'
import { task } from 'rqts'

/** Slow on purpose: what a request should not wait for. */
export const makeReport = task({ name: 'makeReport', queue: 'reports', timeout: '1m' }, async function (customer: string, months: number) {
  let revenue = 0
  for (let month = 1; month <= months; month++) {
    await pause(100, undefined, { signal: this.signal })
    revenue += customer.length * 100 * month
    await this.progress({ month, of: months })
    await this.log(`month ${month} added up`)
  }
  return { customer, revenue }
})
