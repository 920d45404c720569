import { describe, expect, it } from 'vitest'
import { checkCron } from '../../lib/schedule/cron.ts'
import { cronWords } from '../../lib/schedule/cron-words.ts'

const TOLD: readonly (readonly [string, string])[] = [
  ['* * * * *', 'every minute'],
  ['*/1 * * * *', 'every minute'],
  ['*/5 * * * *', 'every 5 minutes'],
  ['0,15,30,45 * * * *', 'every 15 minutes'],
  ['*/7 * * * *', 'every hour at every 7th minute from 0 to 56'],
  ['5-59/15 * * * *', 'every hour at minutes 5, 20, 35 and 50'],
  ['2-59/5 * * * *', 'every hour at every 5th minute from 2 to 57'],
  ['20 * * * *', 'every hour at minute 20'],
  ['5,35 * * * *', 'every hour at minutes 5 and 35'],
  ['0-29 * * * *', 'every hour at minutes 0 to 29'],
  ['0 */2 * * *', 'every 2 hours'],
  ['15 */6 * * *', 'every 6 hours at minute 15'],
  ['0 */5 * * *', 'every 5 hours from 00:00 to 20:00'],
  ['0 */7 * * *', 'at 00:00, 07:00, 14:00 and 21:00'],
  ['30 8 * * *', 'at 08:30'],
  ['0,30 9 * * *', 'at 09:00 and 09:30'],
  ['0 22,23,0,1 * * *', 'at 00:00, 01:00, 22:00 and 23:00'],
  ['0 9-17 * * *', 'every hour from 09:00 to 17:00'],
  ['30 9-17 * * MON-FRI', 'every hour from 09:30 to 17:30 on Monday to Friday'],
  ['0 9-17/2 * * *', 'every 2 hours from 09:00 to 17:00'],
  ['0 8-12,14-18 * * *', 'every hour from 08:00 to 12:00 and from 14:00 to 18:00'],
  ['* 8 * * 1', 'every minute from 08:00 to 08:59 on Monday'],
  ['*/5 9-17 * * MON-FRI', 'every 5 minutes from 09:00 to 17:55 on Monday to Friday'],
  ['*/10 8-11,14-17 * * *', 'every 10 minutes from 08:00 to 11:50 and from 14:00 to 17:50'],
  ['*/30 22-23,0-5 * * *', 'every 30 minutes from 00:00 to 05:30 and from 22:00 to 23:30'],
  ['*/5 */2 * * *', 'every 5 minutes of every 2nd hour'],
  ['*/7 3-5 * 2 *', 'at every 7th minute from 0 to 56 of hours 3 to 5 in February'],
  ['5,35 9-17 * * *', 'at minutes 5 and 35 of hours 9 to 17'],
  ['0 9 * * 1,3,7', 'at 09:00 on Monday, Wednesday and Sunday'],
  ['0 9 * * 1-7', 'at 09:00'],
  ['0 9 * * SUN-THU', 'at 09:00 on Sunday to Thursday'],
  ['0 9 * * fri-sun', 'at 09:00 on Friday to Sunday'],
  ['10 0,12 * * SAT,SUN', 'every 12 hours at minute 10 on Saturday and Sunday'],
  ['0 0 1,15 * *', 'at 00:00 on days 1 and 15 of the month'],
  ['0 0 1-7 * *', 'at 00:00 on days 1 to 7 of the month'],
  ['0 0 */2 * *', 'at 00:00 on every odd day of the month'],
  ['0 0 2-30/2 * *', 'at 00:00 on every even day of the month'],
  ['0 0 */10 * *', 'at 00:00 on days 1, 11, 21 and 31 of the month'],
  ['0 0 L * *', 'at 00:00 on the last day of the month'],
  ['0 0 1,L * *', 'at 00:00 on day 1 and the last day of the month'],
  ['0 0 LW * *', 'at 00:00 on the last weekday of the month'],
  ['0 0 15W * *', 'at 00:00 on the weekday nearest to day 15 of the month'],
  ['0 0 24 12 *', 'at 00:00 on 24 December'],
  ['0 0 29 FEB ?', 'at 00:00 on 29 February'],
  ['0 0 1 */3 *', 'at 00:00 on day 1 of January, April, July and October'],
  ['0 0 1 JAN,JUL *', 'at 00:00 on day 1 of January and July'],
  ['0 3 * 12 *', 'at 03:00 in December'],
  ['0 3 * JUN-AUG MON', 'at 03:00 on Monday in June to August'],
  ['0 9 * * TUE#2', 'at 09:00 on the second Tuesday of the month'],
  ['0 9 * * 1#1,1#3', 'at 09:00 on the first Monday and third Monday of the month'],
  ['0 9 * * 5L', 'at 09:00 on the last Friday of the month'],
  ['0 9 * * FRI#L', 'at 09:00 on the last Friday of the month'],
  ['0 9 * JAN MON#1', 'at 09:00 on the first Monday of January'],
  // Both given: either is enough, unless + says otherwise. A star with a step counts as given.
  ['0 0 13 * 5', 'at 00:00 on day 13 of the month or on Friday'],
  ['0 0 13 * +FRI', 'at 00:00 on day 13 of the month, if that is Friday'],
  ['0 0 13 * +THU,FRI', 'at 00:00 on day 13 of the month, if that is Thursday or Friday'],
  ['0 0 */1 * MON', 'at 00:00'],
  ['* * * * * *', 'every second'],
  ['*/10 * * * * *', 'every 10 seconds'],
  ['15 * * * * *', 'every minute, at second 15'],
  ['30 */5 * * * *', 'every 5 minutes, at second 30'],
  ['5,20 * * * * *', 'every minute at seconds 5 and 20'],
  ['15 30 8 * * *', 'at 08:30:15'],
  ['0 30 8 * * *', 'at 08:30'],
  ['* 30 8 * * *', 'every second from 08:30:00 to 08:30:59'],
  ['*/10 * 9-17 * * *', 'every 10 seconds from 09:00:00 to 17:59:50'],
  ['*/20 0 * * * *', 'every 20 seconds of minute 0 of every hour'],
  ['@Daily', 'daily'],
]

/** Longer in words than as they are, or not sayable. */
const AS_WRITTEN = [
  '1,2,3,5,8,13,21 * * * *',
  '0 1,3,5,7,9,11,14 * * *',
  '0 12 * * 1-5#2',
  '5,7 30 8 * * *',
  '0 0 1,2,3,5,8,13,21 * *',
  '0 9 * * MON,FRI#L',
]

describe('cron in words', () => {
  it.each(TOLD)('%s: %s', (cron, words) => {
    expect(cronWords(checkCron(cron))).toBe(words)
  })

  it.each(AS_WRITTEN)('%s is left as it is', (cron) => {
    expect(cronWords(checkCron(cron))).toBeUndefined()
  })
})
