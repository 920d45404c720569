// A worker in a process of its own, to be killed and stopped. Argument: JSON { url, prefix, queues, options, journal, dist }.
// Writes each start of a handler to the journal before anything else, and prints it, so that a test can act on it.
import { openSync, writeSync } from 'node:fs'

const { url, prefix, queues, options, journal, dist } = JSON.parse(process.argv[2])
const { BaseWorker } = await import(`${dist}/lib/worker/worker.js`)
const fd = openSync(journal, 'a')

function note(what, job) {
  writeSync(fd, `${what} ${job.id} ${job.attempt} ${process.pid} ${Date.now()}\n`)
}

function begin(job) {
  note('start', job)
  process.stdout.write(`start ${job.id}\n`)
}

async function work(ms) {
  begin(this)
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  return `${this.id} ${this.attempt}`
}

async function measured(ms) {
  begin(this)
  await new Promise((resolve) => setTimeout(resolve, ms))
  note('end', this)
}

async function rare(ms) {
  await measured.call(this, ms)
}

function poison() {
  begin(this)
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}

// V8 ends the process; with --max-old-space-size soon.
function leak() {
  begin(this)
  for (const kept = []; ; ) kept.push(new Array(1_000).fill(this.id + kept.length))
}

// Ends as its argument says, once its signal has aborted; what it then writes must not count.
async function zombie(how) {
  begin(this)
  await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }))
  process.stdout.write(`aborted ${this.signal.reason?.code}\n`)
  await this.progress('from the dead').catch(() => undefined)
  await this.log('from the dead').catch(() => undefined)
  await this.setMeta({ from: 'the dead' }).catch(() => undefined)
  process.stdout.write('wrote\n')
  if (how === 'fail') throw new Error('from the dead')
  return 'from the dead'
}

const logger = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [level, (_, message) => process.stdout.write(`log ${level} ${message}\n`)]),
)
const worker = new BaseWorker(
  queues,
  { connection: url, prefix, tasks: [work, measured, rare, poison, leak, zombie], logger, ...options },
  () => async () => undefined,
)
worker.on('ready', () => process.stdout.write('ready\n'))
worker.on('lost', ({ id }) => process.stdout.write(`lost ${id}\n`))
process.on('SIGTERM', () => void worker.stop())
await worker.run()
process.exit(0)
