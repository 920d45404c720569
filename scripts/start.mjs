// `npm start`: the demo. Redis, a worker and a program that enqueues, each a process of its own; installs what is missing first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { build } from './build.mjs'
import { ensureModules, root } from './modules.mjs'

const EXAMPLE = 'examples/quickstart'
const say = (line) => console.log(`\n> ${line}`)

try {
  await demo()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

async function demo() {
  ensureModules()
  say('Building rqts')
  build()
  // A server of its own, even if the environment names one: the demo must not touch anybody's queues.
  say('Starting Redis')
  const { startPrivateRedis } = await import(`${root}dist/lib/embedded/index.js`)
  const redis = await startPrivateRedis({ install: true, log: console.log })
  console.log(`${redis.url}, process ${redis.pid}`)
  try {
    await run(redis.url)
  } finally {
    await redis.stop()
  }
  say('Everything is stopped')
}

async function run(url) {
  const node = (...args) =>
    spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, RQTS_REDIS_URL: url } })

  say(`rqts worker default --tasks ${EXAMPLE}/tasks.ts`)
  const worker = node('dist/cli/main.js', 'worker', 'default', '--tasks', `${EXAMPLE}/tasks.ts`, '--log-format', 'pretty')
  label(worker, 'worker')
  const workerEnd = ended(worker)
  try {
    say(`jiti ${EXAMPLE}/app.ts`)
    const app = node('--import', 'jiti/register', `${EXAMPLE}/app.ts`)
    label(app, 'app')
    const early = workerEnd.then(() => app.kill())
    await Promise.race([
      succeeded(app, 'The program'),
      early.then(() => Promise.reject(new Error('The worker ended before its work was done'))),
    ])

    say('rqts info')
    const info = node('dist/cli/main.js', 'info')
    info.stdout.pipe(process.stdout)
    await succeeded(info, 'rqts info')
  } finally {
    say('Stopping the worker')
    worker.kill('SIGTERM')
    await workerEnd
  }
}

/** Tells the processes apart in one terminal. */
function label(child, name) {
  createInterface({ input: child.stdout }).on('line', (line) => console.log(`${name} | ${line}`))
}

async function succeeded(child, what) {
  const code = await ended(child)
  if (code !== 0) throw new Error(`${what} failed with exit code ${code}`)
}

/** Its exit code, once all that it printed has arrived. */
async function ended(child) {
  const [code] = await once(child, 'close')
  return code
}
