// Stands in for a mail provider: of requests with the same key only the first one sends. Of every mail it loses the first answer.
import { createServer } from 'node:http'

const sent = new Map<string, string>()

createServer((request, response) => {
  const key = String(request.headers['idempotency-key'])
  const known = sent.get(key)
  console.log(known === undefined ? `sent ${key}, and hung up` : `${key} was sent already`)
  if (known !== undefined) return void response.setHeader('content-type', 'application/json').end(JSON.stringify({ messageId: known }))
  sent.set(key, `message-${sent.size + 1}`)
  response.destroy()
}).listen(4000, '127.0.0.1')
