// A process that does one library's work for the harness, told what to do over IPC. Producers and workers never share an event loop.
import { Redis } from 'ioredis'
import { LIBRARIES } from './libraries.mjs'
import { nowUs, PAYLOADS, stamped } from './payloads.mjs'
import { countJobs } from './redis.mjs'

const MANY = 1_000
const adapter = await LIBRARIES[process.argv[2]].load()
let [client, place] = []
const pauseOf = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const operations = {
  open(options) {
    client = adapter.open(options)
    place = options
  },
  async enqueue({ payload, how, n, maxMs = Number.POSITIVE_INFINITY }) {
    const began = performance.now()
    const cpu = process.cpuUsage()
    const count = await (how === 'bulk' ? inBulk(PAYLOADS[payload], n, maxMs) : oneByOne(PAYLOADS[payload], n, how, maxMs))
    const ms = performance.now() - began
    return { count, ms, cpuUs: spent(process.cpuUsage(cpu)) }
  },
  feed,
  pace,
  knock,
  schedule: ({ at, n }) => inChunks(n, (chunk) => client.schedule(at, chunk)),
  dependents: ({ n }) => client.dependents(n, PAYLOADS['120 B']),
  work: startWork,
  stopWork,
  heap,
  middle: ({ at, n }) => client.middle(at, n),
  beginWaits: ({ held }) => client.beginWaits(held),
  waits: ({ n }) => client.waits(n),
  cpu: () => spent(process.cpuUsage()),
  async close() {
    await client.close()
  },
}

async function oneByOne(payload, n, inFlight, maxMs) {
  const end = performance.now() + maxMs
  let begun = 0
  async function lane() {
    while (begun < n && performance.now() < end) {
      begun++
      await client.enqueue(payload)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return begun
}

/** As fast as it goes with 100 in flight, but waits while more than `most` jobs have not been done. */
async function feed({ ms, most }) {
  const [redis, keys] = [new Redis(place.url), LIBRARIES[process.argv[2]].keys(place.queue)]
  const end = performance.now() + ms
  let [total, full] = [0, false]
  async function lane() {
    while (performance.now() < end) {
      if (full) await pauseOf(1)
      else {
        total++
        await client.enqueue(PAYLOADS['120 B'])
      }
    }
  }
  const lanes = Promise.all(Array.from({ length: 100 }, lane))
  while (performance.now() < end) {
    full = (await countJobs(redis, keys)).pending > most
    await pauseOf(2)
  }
  await lanes
  redis.disconnect()
  return { total }
}

async function inBulk(payload, n, maxMs) {
  const end = performance.now() + maxMs
  let count = 0
  while (count < n && performance.now() < end) {
    const size = Math.min(MANY, n - count)
    await client.enqueueMany(new Array(size).fill(payload))
    count += size
  }
  return count
}

async function inChunks(n, send) {
  for (let left = n; left > 0; left -= MANY) await send(new Array(Math.min(MANY, left)).fill(PAYLOADS['120 B']))
}

/** How late a timer of Node may be. What comes later still is the library's doing and counts against it. */
const TIMER_US = 2_000

/** Open loop: no job waits for the answer to another. Those of the first `warmupMs` carry no stamp. */
async function pace({ rate, ms, warmupMs }) {
  const begin = nowUs()
  const total = Math.round((rate * (ms + warmupMs)) / 1_000)
  let [sent, answered, failed] = [0, 0, 0]
  while (sent < total) {
    const now = nowUs()
    for (; sent < total; sent++) {
      const due = begin + (sent * 1e6) / rate
      if (due > now) break
      const stamp = due < begin + warmupMs * 1_000 ? 0 : Math.min(nowUs(), due + TIMER_US)
      client.enqueue(stamped(stamp)).then(
        () => answered++,
        () => failed++,
      )
    }
    await pauseOf(1)
  }
  const offered = (total * 1e6) / (nowUs() - begin)
  while (answered + failed < total) await pauseOf(5)
  return { total, failed, offered }
}

/** One job at a time to a worker that has nothing to do. */
async function knock({ n, warmup, gapMs }) {
  for (let i = 0; i < n + warmup; i++) {
    await pauseOf(gapMs * (0.5 + Math.random()))
    await client.enqueue(stamped(i < warmup ? 0 : nowUs()))
  }
}

let worker

const HANDLERS = {
  note({ seen, waits }) {
    return (id, payload) => {
      seen.push(id)
      if (payload?.at > 0) waits.push(nowUs() - payload.at)
      return 1
    }
  },
  /** Remembers nothing itself. */
  forget: () => () => 1,
  hold: () => () => new Promise(() => undefined),
  /** Goes on for ever, fails, or is done, as the job says. */
  wait: () => (_, what) => {
    if (what === 'hold') return new Promise(() => undefined)
    if (what === 'fail') throw new Error('once more')
    return 1
  },
}

/** What one worker of rqts may run at most; more are several workers. */
const MOST_AT_ONCE = 1_000

async function startWork({ handler = 'note', concurrency, ...options }) {
  const [seen, waits, stops] = [[], [], []]
  const handle = HANDLERS[handler]({ seen, waits })
  for (let left = concurrency; left > 0; left -= MOST_AT_ONCE)
    stops.push(await adapter.work({ ...options, concurrency: Math.min(left, MOST_AT_ONCE), handle }))
  worker = { seen, waits, stop: () => Promise.all(stops.map((stop) => stop())) }
}

async function stopWork() {
  await worker.stop()
  const { seen, waits } = worker
  worker = undefined
  return { seen, waits }
}

/** Bytes in use, without garbage. */
async function heap() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await pauseOf(20)
  }
  return process.memoryUsage().heapUsed
}

function spent({ user, system }) {
  return user + system
}

process.on('disconnect', () => process.exit())
process.on('message', (call) => void answer(call))
process.send({ ready: true })

async function answer({ id, operation, argument }) {
  try {
    process.send({ id, value: await operations[operation](argument ?? {}) })
  } catch (error) {
    process.send({ id, error: error.stack })
  }
}
