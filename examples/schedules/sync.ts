import { Schedules } from 'rqts'
import { digest, ping } from './tasks.ts'

const { created, changed, removed } = await Schedules.sync(
  [
    ['app.digest', digest, ['daily'], { cron: '0 7 * * *', tz: 'America/New_York' }],
    ['app.ping', ping, [], { every: '1m', startAt: 0 }],
  ],
  { prune: 'app.*' },
)
console.log({ created, changed, removed })
