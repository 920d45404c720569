// `node scripts/picture/take.mjs`: docs/images/terminal.svg, what a terminal shows of a worker and of `rqts info`, from real output.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { build } from '../build.mjs'
import { root } from '../modules.mjs'
import { terminalSvg } from './svg.mjs'

build()
const { startPrivateRedis } = await import(join(root, 'dist/lib/embedded/index.js'))
const { Queue } = await import(join(root, 'dist/lib/index.js'))
const redis = await startPrivateRedis({ install: true, persist: true })
const workers = []
try {
  const show = run('worker', 'default', 'images', '--tasks', 'tasks.ts', '-v', '--processes', '0', '--name', 'web-1')
  workers.push(show)
  await says(show, 'ready')
  workers.push(run('worker', 'default', '--tasks', 'tasks.ts', '--name', 'web-2', '--processes', '0'))
  await says(workers[1], 'ready')
  const queues = Object.fromEntries(['default', 'images', 'reports'].map((name) => [name, new Queue(name, { connection: redis.url })]))
  for (let user = 40; user < 43; user++) await (await queues.default.enqueue('sendWelcome', [user, 'de'])).result()
  await queues.images.enqueue('resize', ['cat.jpg'])
  await queues.images.enqueue('resize', ['notes.txt'], { retry: { max: 2, delay: '4s' } })
  await says(show, 'notes.txt is no image')
  const terminal = show.text
  for (let n = 0; n < 14; n++) await queues.default.enqueue('makeReport', [`2026-${n}`])
  await queues.default.enqueueMany(Array.from({ length: 940 }, (_, n) => ['sendWelcome', [n, 'en']]))
  await queues.images.enqueueMany(Array.from({ length: 120 }, (_, n) => ['resize', [`${n}.txt`], { delay: 60_000 }]))
  await queues.reports.enqueueMany(Array.from({ length: 190 }, (_, n) => ['makeReport', [`2025-${n}`]]))
  // Workers tell within a second what they do; a picture taken before would show them idle.
  for (let text = ''; !/web-1 +busy/.test(text) || !/web-2 +busy/.test(text); ) {
    const look = run('info')
    await once(look.child, 'close')
    text = stripVTControlCharacters(look.text)
  }
  const info = run('info')
  await once(info.child, 'close')
  await Promise.all(Object.values(queues).map((queue) => queue.close()))
  const text = `$ rqts worker default images -v\n${terminal.trimEnd()}\n\n$ rqts info\n${info.text.trimEnd()}`
  writeFileSync(join(root, 'docs/images/terminal.svg'), terminalSvg(text.replaceAll(redis.url, 'redis://127.0.0.1:6379')))
} finally {
  for (const { child } of workers) child.kill('SIGKILL')
  await redis.stop()
}

function run(...args) {
  const env = { ...process.env, RQTS_REDIS_URL: redis.url, FORCE_COLOR: '1', COLUMNS: '96', RQTS_LOG_FORMAT: 'pretty' }
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
    cwd: import.meta.dirname,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const seen = { child, text: '' }
  child.stdout.on('data', (chunk) => (seen.text += chunk))
  child.stderr.on('data', (chunk) => (seen.text += chunk))
  return seen
}

async function says(program, text) {
  while (!program.text.includes(text)) {
    if (program.child.exitCode !== null) throw new Error(program.text)
    await Promise.race([once(program.child.stdout, 'data'), once(program.child.stderr, 'data'), once(program.child, 'close')])
  }
}
