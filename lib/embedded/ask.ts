import { connect } from 'node:net'

/** A server that is not there refuses at once; one that is slow must not be taken for dead, and be replaced. */
const PATIENCE_MS = 5_000
/** A timer that is this late was held up with all of this process, which has read nothing meanwhile. */
const HELD_UP_MS = 100

/**
 * Sends commands to a Redis over a bare socket and returns the first line of the last one's reply, or undefined when nobody
 * answers. Enough for PING and SHUTDOWN; the client library stays out of this folder.
 */
export function askRedis(url: string, command: string[]): Promise<string | undefined> {
  const { target, password } = parseTarget(url)
  const commands = password === '' ? [command] : [['AUTH', password], command]
  return new Promise((resolve) => {
    const socket = connect(target)
    let received = ''
    let timer: NodeJS.Timeout | undefined
    const finish = (answer?: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const wait = (): void => {
      const due = performance.now() + PATIENCE_MS
      timer = setTimeout(() => (performance.now() - due > HELD_UP_MS ? wait() : finish()), PATIENCE_MS)
    }
    wait()
    socket.on('error', () => finish())
    socket.on('close', () => finish())
    socket.on('connect', () => socket.write(commands.map(encode).join('')))
    socket.on('data', (chunk) => {
      received += chunk.toString()
      const lines = received.split('\r\n')
      if (lines.length > commands.length) finish(lines[commands.length - 1])
    })
  })
}

/** Whether a server answers there; one that still loads its data does. */
export async function isAnswering(url: string): Promise<boolean> {
  return (await askRedis(url, ['PING'])) !== undefined
}

function encode(command: string[]): string {
  return `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}

function parseTarget(url: string): { target: { path: string } | { host: string; port: number }; password: string } {
  if (url.startsWith('/')) return { target: { path: url }, password: '' }
  const { hostname, port, password } = new URL(url)
  return { target: { host: hostname, port: Number(port || 6379) }, password: decodeURIComponent(password) }
}
