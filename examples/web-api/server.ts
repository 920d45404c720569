// POST /reports answers 202 with an id at once; GET /reports/ID/events tells how it goes, as server-sent events.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { Queue, tasks } from 'rqts'

const { makeReport } = tasks<typeof import('./tasks.ts')>()
const queue = new Queue('reports')
const page = await readFile(new URL('./page.html', import.meta.url))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, collection, id, part] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/')
  if (request.method === 'GET' && collection === '') return void response.setHeader('content-type', 'text/html').end(page)
  if (collection !== 'reports') return void response.writeHead(404).end()
  if (request.method === 'POST') return await create(request, response)
  const job = id === undefined ? null : await queue.fetchJob(id)
  if (job === null) return void response.writeHead(404).end()
  if (part === 'events') return await stream(job, request, response)
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: job.id, status: job.status, result: job.returnValue }))
}

async function create(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { customer, months = 12 } = (await json(request)) as { customer?: unknown; months?: unknown }
  if (typeof customer !== 'string' || typeof months !== 'number') return void response.writeHead(400).end()
  const job = await queue.enqueue(makeReport, [customer, months])
  response.writeHead(202, { location: `/reports/${job.id}`, 'content-type': 'application/json' }).end(JSON.stringify({ id: job.id }))
}

async function stream(job: Awaited<ReturnType<Queue['enqueue']>>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  request.once('close', () => gone.abort()) // a closed tab listens no more
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  for await (const update of job.events({ signal: gone.signal }))
    response.write(`event: ${update.type}\ndata: ${JSON.stringify(update)}\n\n`)
  const outcome = await job.settle()
  const last = outcome.status === 'finished' ? outcome : { status: outcome.status, error: outcome.error.message }
  response.end(`event: end\ndata: ${JSON.stringify(last)}\n\n`)
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') return
    console.error(error)
    if (!response.headersSent) response.writeHead(500)
    response.end()
  })
})
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => server.close(() => void queue.close()))
