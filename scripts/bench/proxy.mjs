// A TCP proxy that hands on the answers of Redis `delayMs` later: a network with that much more round trip.
// Arguments: port of Redis, delay in ms.
import { connect, createServer } from 'node:net'

const port = Number(process.argv[2])
const delayUs = Number(process.argv[3]) * 1_000
/** Timers of Node count whole milliseconds; a short sleep of the thread is 20 times as exact, and cheaper than spinning. */
const NAP_MS = 0.05
const cell = new Int32Array(new SharedArrayBuffer(4))
const late = []
let busy = false

function nowUs() {
  return Number(process.hrtime.bigint() / 1_000n)
}

function deliver() {
  const now = nowUs()
  while (late.length > 0 && late[0].due <= now) {
    const { client, chunk } = late.shift()
    if (!client.destroyed) client.write(chunk)
  }
  busy = late.length > 0
  if (!busy) return
  Atomics.wait(cell, 0, 0, Math.min(NAP_MS, (late[0].due - now) / 1_000))
  setImmediate(deliver)
}

const server = createServer({ noDelay: true }, (client) => {
  const redis = connect({ port, host: '127.0.0.1', noDelay: true })
  client.on('data', (chunk) => redis.write(chunk))
  redis.on('data', (chunk) => {
    late.push({ due: nowUs() + delayUs, client, chunk })
    if (busy) return
    busy = true
    setImmediate(deliver)
  })
  for (const socket of [client, redis]) {
    socket.on('error', () => undefined)
    socket.on('close', () => {
      client.destroy()
      redis.destroy()
    })
  }
})
server.listen(0, '127.0.0.1', () => process.send(`redis://127.0.0.1:${server.address().port}`))
process.on('disconnect', () => process.exit())
