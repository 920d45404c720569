import { Schedules } from 'rqts'

for (const { name, words, nextRunAt, lastRun } of await Schedules.list()) {
  console.log(name, words, nextRunAt, lastRun?.outcome)
}
await Schedules.pause('app.ping')
await Schedules.resume('app.ping')
await Schedules.skipNext('app.ping')
const job = await Schedules.runNow('app.ping')
console.log(job.id, await Schedules.next('app.ping', 3))
console.log((await Schedules.get('app.ping'))?.history)
await Schedules.remove('app.ping')
