import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { RequestParser } from './resp.ts'

/**
 * What becomes of bytes in one direction: passed on, kept without a word (no FIN: a black hole), passed on later, or one byte
 * at a time.
 */
export type Mode = 'pass' | 'hold' | 'trickle' | { delayMs: number }

/** `before`: Redis never sees the command. `reply`: Redis carries it out, and the client never hears. */
export type Cut = 'before' | 'reply'

export interface Rule {
  cut: Cut
  /** Words of one command: `['evalsha', 'abc…', …]`. */
  matches(command: readonly string[]): boolean
  /** Which of the commands that match; 1 is the first. Default 1. */
  nth?: number
  /** On how many in a row. Default 1. */
  times?: number
}

interface Pending extends Rule {
  seen: number
  left: number
  hit: () => void
}

/** A TCP proxy in this process, between a client and a Redis that knows nothing of it. Every mode can change at run time. */
export class Proxy {
  up: Mode = 'pass'
  down: Mode = 'pass'
  /** New connections are closed at once. */
  refusing = false
  readonly #target: number
  readonly #server: Server
  readonly #links = new Set<Link>()
  readonly #rules: Pending[] = []

  private constructor(target: number, server: Server) {
    this.#target = target
    this.#server = server
    server.on('connection', (client) => this.#accept(client))
  }

  static async to(port: number): Promise<Proxy> {
    const server = createServer()
    const proxy = new Proxy(port, server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.unref()
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Resolves once the rule has cut as often as it should. */
  cut(rule: Rule): Promise<void> {
    return new Promise((resolve) => {
      this.#rules.push({ ...rule, seen: 0, left: rule.times ?? 1, hit: resolve })
    })
  }

  /** Hangs up on everybody, with a FIN. */
  hangUp(): void {
    for (const link of this.#links) link.end()
  }

  /** Connections that exist stay silent for ever; new ones work: what a lost entry in a NAT table looks like. */
  strand(): void {
    for (const link of this.#links) link.stranded = true
  }

  async close(): Promise<void> {
    this.hangUp()
    this.#server.close()
  }

  #accept(client: Socket): void {
    if (this.refusing) return void client.destroy()
    const link = new Link(this, client, connect(this.#target, '127.0.0.1'), (command) => this.#judge(command))
    this.#links.add(link)
    client.on('close', () => this.#links.delete(link))
  }

  #judge(command: readonly string[]): Cut | undefined {
    for (const rule of this.#rules) {
      if (rule.left === 0 || !rule.matches(command) || ++rule.seen < (rule.nth ?? 1)) continue
      if (--rule.left === 0) rule.hit()
      return rule.cut
    }
    return undefined
  }
}

/** One connection through the proxy. */
class Link {
  stranded = false
  readonly #proxy: Proxy
  readonly #client: Socket
  readonly #redis: Socket
  readonly #parser = new RequestParser()
  #cutting = false
  #order: { up: Promise<void>; down: Promise<void> } = { up: Promise.resolve(), down: Promise.resolve() }

  constructor(proxy: Proxy, client: Socket, redis: Socket, judge: (command: readonly string[]) => Cut | undefined) {
    this.#proxy = proxy
    this.#client = client
    this.#redis = redis
    client.on('data', (chunk) => {
      for (const { words, bytes } of this.#parser.add(chunk)) {
        if (this.#cutting) return
        const cut = judge(words)
        if (cut === 'before') return this.end()
        this.#send('up', bytes)
        if (cut === 'reply') return this.#cutReply()
      }
    })
    redis.on('data', (chunk) => {
      if (!this.#cutting) this.#send('down', chunk)
    })
    for (const socket of [client, redis]) socket.on('error', () => this.end()).on('close', () => this.end())
  }

  end(): void {
    this.#client.destroy()
    this.#redis.destroy()
  }

  /** Redis carries out what it has read before it sees the end of the stream, and only then hangs up: no guess is needed. */
  #cutReply(): void {
    this.#cutting = true
    void this.#order.up.then(() => this.#redis.end())
  }

  #send(way: 'up' | 'down', bytes: Buffer): void {
    const target = way === 'up' ? this.#redis : this.#client
    const came = performance.now()
    this.#order[way] = this.#order[way].then(async () => {
      const mode = this.#proxy[way]
      if (mode === 'pass' && !this.stranded) return void target.write(bytes)
      if (typeof mode === 'object') await sleep(came + mode.delayMs - performance.now())
      // Held bytes are not lost: as with a network that comes back, they arrive later.
      while ((this.stranded || this.#proxy[way] === 'hold') && !target.destroyed) await sleep(5)
      if (target.destroyed) return
      if (mode !== 'trickle') return void target.write(bytes)
      for (const byte of bytes) {
        target.write(Buffer.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
