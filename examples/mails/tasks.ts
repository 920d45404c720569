import { task } from 'rqts'

/**
 * A handler may run twice: the mail is out, and the worker dies before it can say so. The provider takes a key with each request and
 * sends once per key; the job's id is such a key, for it is the same in every attempt.
 */
export const sendMail = task(
  { name: 'sendMail', queue: 'mails', timeout: '10s', retry: { max: 5, backoff: 'exponential', delay: '200ms', jitter: 0.5 } },
  async function (to: string, subject: string) {
    const response = await fetch(process.env['MAIL_API'] ?? 'http://127.0.0.1:4000/mails', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': this.id },
      body: JSON.stringify({ to, subject }),
      signal: this.signal,
    })
    if (!response.ok) throw new Error(`The mail provider answered ${response.status}`)
    return ((await response.json()) as { messageId: string }).messageId
  },
)
