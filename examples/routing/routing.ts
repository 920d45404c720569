import { broadcast, Queue, setRoutes, task } from 'rqts'

const sendMail = task('mail.send', (to: string) => `sent to ${to}`)
const resize = task({ name: 'image.resize', queue: 'images' }, (file: string) => file)
const reloadConfig = task('reloadConfig', () => 'reloaded')

// For the whole program: add.delay(…) and workflows.
setRoutes([
  { match: 'mail.*', queue: 'mail' },
  { match: 'report.*', queue: 'slow' },
])
await sendMail.delay('ann@example.com') // queue 'mail'

// For one queue that sends jobs on.
const queue = new Queue('default', { routes: [{ match: 'mail.*', queue: 'mail' }] })
await queue.enqueue(sendMail, ['bob@example.com']) // queue 'mail'
await queue.enqueue(resize, ['cat.png']) // queue 'images': the task says so
await queue.close()

// One job for each worker that is alive.
for (const job of await broadcast(reloadConfig)) console.log(job.queue, await job.result())
