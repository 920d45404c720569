import { createServer, type Server } from 'node:http'

export interface ProbePort {
  /** Alive and of use: what is not is to be restarted. */
  healthy(): Promise<boolean>
  /** Takes jobs. */
  ready(): Promise<boolean>
}

const PATIENCE_MS = 2_000

/** Answers `/healthz` and `/readyz` with 200 or 503, for Kubernetes and the like. That it answers at all says that the event loop turns. */
export async function startProbe(port: number, probe: ProbePort): Promise<Server> {
  const server = createServer((request, response) => {
    const check = request.url === '/healthz' ? probe.healthy : request.url === '/readyz' ? probe.ready : undefined
    if (check === undefined) return void response.writeHead(404).end('/healthz or /readyz\n')
    void inTime(check).then((ok) => response.writeHead(ok ? 200 : 503).end(ok ? 'ok\n' : 'not ok\n'))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  })
  return server
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
