import { Queue, tasks } from 'rqts'

// Only the types cross over: none of the code of tasks.ts is loaded here.
const { resize, importRows } = tasks<typeof import('./tasks.ts')>()

const images = new Queue('images')
const job = await images.enqueue(resize, ['https://example.org/a.png', 640])
await images.enqueueIn('10m', importRows, ['b.csv'], { retry: 5, timeout: '1m' })
await images.enqueueAt(new Date('2030-01-01'), importRows, ['c.csv', 50])
await images.enqueueMany([
  [resize, ['https://example.org/d.png', 64]],
  [importRows, ['d.csv'], { dependsOn: job }],
]) // in order, all or nothing

for await (const event of job.events()) console.log(event) // status, progress and log lines until the end
const { width } = await job.result({ timeout: '10s' }) // or throws JobFailed (cause: the handler's error), JobCanceled, JobExpired, …
const outcome = await job.settle() // never throws for an outcome: { status, value } or { status, error }
console.log(width, outcome.status)

await images.close()
