// Each second, but never two at once: a refresh that takes longer makes the next one wait its turn.
import { closeSharedConnections, schedule } from 'rqts'
import { refreshBanner } from './tasks.ts'

const { nextRunAt } = await schedule('banner', refreshBanner, [], { every: '1s', overlap: 'skip' })
console.log(`first refresh at ${nextRunAt?.toISOString()}`)
await closeSharedConnections()
