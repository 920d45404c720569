import { schedule } from 'rqts'
import { archive, digest, ping } from './tasks.ts'

await schedule('digest', digest, ['weekly'], { cron: '30 8 * * MON', tz: 'Europe/Berlin' })
await schedule('ping', ping, [], { every: '30s', overlap: 'skip' })
await schedule('sundown', ping, [], { sun: { event: 'sunset', lat: 52.52, lng: 13.41 }, queue: 'lights' })
await schedule('new-year', archive, [2099], { at: new Date('2100-01-01T00:00:00Z'), options: { retry: 3, timeout: '1h' } })
await schedule('irregular', ping, [], { next: (after) => new Date(after.getTime() + 60_000 * (1 + Math.random())) })
