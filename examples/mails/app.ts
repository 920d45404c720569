import { Queue, tasks } from 'rqts'

const { sendMail } = tasks<typeof import('./tasks.ts')>()
const queue = new Queue('mails')

// The id says what the job is about, so that a sign-up that is handled twice leads to one mail.
async function welcome(user: number): Promise<string> {
  const mail = await queue.enqueue(sendMail, [`user-${user}@example.org`, 'Welcome'], { jobId: `welcome-${user}`, ifExists: 'return' })
  return await mail.result({ timeout: '30s' })
}

const users = [1, 2, 3, 2, 1]
console.log(await Promise.all(users.map(welcome)))
await queue.close()
