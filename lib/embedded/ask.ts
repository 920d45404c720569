import { connect } from 'node:net'

/**
 * Sends commands to a Redis over a bare socket and returns the first line of the last one's reply, or undefined when nobody
 * answers. Enough for PING and SHUTDOWN; the client library stays out of this folder.
 */
export function askRedis(url: string, command: string[], timeoutMs = 1_000): Promise<string | undefined> {
  const { target, password } = parseTarget(url)
  const commands = password === '' ? [command] : [['AUTH', password], command]
  return new Promise((resolve) => {
    const socket = connect(target)
    let received = ''
    const finish = (answer?: string) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(timeoutMs, () => finish())
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
