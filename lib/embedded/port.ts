import { createServer } from 'node:net'

// Below what systems give to outgoing connections: one of those may hold a port that was free a moment ago, or that a restart needs again.
const FIRST = 20_000
const COUNT = 12_000
const TRIES = 20

/** A loopback port that was free a moment ago; whoever binds it must be ready to lose the race and ask again. */
export async function freePort(): Promise<number> {
  for (let left = TRIES; left > 0; left--) {
    const port = await bind(FIRST + Math.floor(Math.random() * COUNT)).catch(() => undefined)
    if (port !== undefined) return port
  }
  return await bind(0)
}

function bind(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
