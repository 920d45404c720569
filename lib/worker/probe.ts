import { createServer, type Server, type ServerResponse } from 'node:http'
import { RqtsError } from '../errors.ts'

export interface ProbePort {
  /** Alive and of use: what is not is to be restarted. */
  healthy(): Promise<boolean>
  /** Takes jobs. */
  ready(): Promise<boolean>
  /** Lines for Prometheus. */
  metrics?(): string | Promise<string>
}

const PATIENCE_MS = 2_000

/** Answers `/healthz` and `/readyz` with 200 or 503, for Kubernetes and the like, and `/metrics` for Prometheus. That it answers at all says that the event loop turns. */
export async function startProbe(port: number, probe: ProbePort): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics' && probe.metrics !== undefined) return void sendMetrics(probe.metrics, response)
    const check = request.url === '/healthz' ? probe.healthy : request.url === '/readyz' ? probe.ready : undefined
    if (check === undefined) return void response.writeHead(404).end('/healthz, /readyz or /metrics\n')
    void inTime(check).then((ok) => response.writeHead(ok ? 200 : 503).end(ok ? 'ok\n' : 'not ok\n'))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new RqtsError('RQTS_BAD_OPTION', `The probe port ${port} cannot be used: ${cause.message}. Give another one`, { cause })),
    )
    server.listen(port, resolve)
  })
  return server
}

async function sendMetrics(metrics: () => string | Promise<string>, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics()
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
  } catch {
    response.writeHead(503).end('not ok\n')
  }
}

async function inTime(check: () => Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS)
  })
  const ok = await Promise.race([check().catch(() => false), late])
  clearTimeout(timer)
  return ok
}
