import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../lib/embedded/port.ts'
import { hasPty, type Running, type Scene, scene, TASKS, until } from './cli.ts'

const HELPED = "import { word } from './lib/word.mjs'\nexport function say() { return word }\n"

/** The worker before goes on until the new one is ready, and one that met half of a change until the next. */
async function saysSoon(s: Scene, word: string): Promise<void> {
  await until(`jobs run on the code that says ${word}`, async () => (await s.run('enqueue', 'say', '--wait')).stdout === `${word}\n`)
}

/** On a port that nobody has taken since it was free. */
async function withDashboard(s: Scene): Promise<{ dev: Running; port: number }> {
  for (;;) {
    const port = await freePort()
    const dev = s.start('dev', '--port', String(port))
    const [said] = await dev.seen(/The dashboard is at http:\/\/127\.0\.0\.1:\d+\/|the dashboard ended/)
    if (said.endsWith('/')) return { dev, port }
    dev.signal('SIGTERM')
    await dev.exited
  }
}

describe('rqts dev', () => {
  it('runs jobs, and takes a change of any module of the project', async () => {
    const s = await scene({ 'tasks.mjs': HELPED, 'lib/word.mjs': "export const word = 'first'\n" })
    const dev = s.start('dev', '--no-dashboard')
    await dev.seen(/"ready"/)
    expect((await s.run('enqueue', 'say', '--wait')).stdout).toBe('first\n')
    s.write({ 'lib/word.mjs': "export const word = 'second'\n" })
    await dev.seen(/reloaded/)
    await saysSoon(s, 'second')
    dev.signal('SIGTERM')
    expect((await dev.exited).code).toBe(0)
    expect((await s.json<{ workers: unknown[] }>('info')).workers).toEqual([])
  })

  it('goes on with the code before a change that cannot be loaded', async () => {
    const s = await scene({ 'tasks.mjs': HELPED, 'lib/word.mjs': "export const word = 'first'\n" })
    const dev = s.start('dev', '--no-dashboard')
    await dev.seen(/"ready"/)
    s.write({ 'tasks.mjs': 'export function {' })
    await dev.seen(/tasks\.mjs could not be imported[^]*the change cannot be loaded: the worker goes on with the code before it/)
    expect((await s.run('enqueue', 'say', '--wait')).stdout).toBe('first\n')
    s.write({ 'tasks.mjs': HELPED, 'lib/word.mjs': "export const word = 'mended'\n" })
    await dev.seen(/reloaded/)
    await saysSoon(s, 'mended')
  })

  it('starts a worker that a job has killed again', async () => {
    const s = await scene({ 'tasks.mjs': `${TASKS}\nexport function die() { process.kill(process.pid, 'SIGKILL') }` })
    const dev = s.start('dev', '--no-dashboard')
    await dev.seen(/"ready"/)
    await s.run('enqueue', 'die')
    await dev.seen(/the worker ended \(signal SIGKILL\) and is started again/)
    expect((await s.run('enqueue', 'add', ':2', ':3', '--wait')).stdout).toBe('5\n')
  })

  it('runs the jobs of a crashed worker again at once', async () => {
    const s = await scene({
      'tasks.mjs': `import { existsSync, writeFileSync } from 'node:fs'
export function crashOnce() {
  if (existsSync('crashed')) return 'second time'
  writeFileSync('crashed', '')
  process.kill(process.pid, 'SIGKILL')
}`,
    })
    const dev = s.start('dev', '--no-dashboard')
    await dev.seen(/"ready"/)
    // Its lease would last longer than this test may.
    expect(await s.run('enqueue', 'crashOnce', '--wait')).toMatchObject({ code: 0, stdout: 'second time\n' })
    await dev.seen(/1 job of the dead worker put back/)
    dev.signal('SIGTERM')
    expect((await dev.exited).code).toBe(0)
  })

  it('starts a Redis when none answers, for all commands of the project, and ends it at the end', async () => {
    const s = await scene({ 'tasks.mjs': TASKS, 'package.json': '{}' })
    delete s.env['RQTS_REDIS_URL']
    s.env['REDIS_URL'] = 'redis://:secret@127.0.0.1:1'
    s.write({ '.env': 'GREETING=hello\n' })
    const dev = s.start('dev', '--no-dashboard')
    await dev.seen(
      /warning: Cannot reach Redis at redis:\/\/:\*\*\*@127\.0\.0\.1:1 \(from REDIS_URL\)[^]*Until then this project's own Redis is used/,
    )
    await dev.seen(/"ready"/)
    delete s.env['REDIS_URL']
    expect((await s.run('enqueue', 'add', ':2', ':3', '--wait')).stdout).toBe('5\n')
    dev.signal('SIGTERM')
    expect((await dev.exited).code).toBe(0)
    expect(await s.json('redis', 'status')).toMatchObject({ running: false })
  })

  it('starts the dashboard, and ends it at the end', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const { dev, port } = await withDashboard(s)
    await dev.seen(/"ready"/)
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
    dev.signal('SIGTERM')
    expect((await dev.exited).code).toBe(0)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  })

  it('reads .env', async () => {
    const s = await scene({ 'tasks.mjs': 'export function greeting() { return process.env.GREETING }', '.env': 'GREETING=hello\n' })
    await s.start('dev', '--no-dashboard').seen(/"ready"/)
    expect((await s.run('enqueue', 'greeting', '--wait')).stdout).toBe('hello\n')
  })

  it('says what it looked for when there are no tasks', async () => {
    const s = await scene()
    expect(await s.run('dev', '--no-dashboard')).toMatchObject({ code: 2, stderr: expect.stringContaining('No tasks to run') })
  })
})

describe.runIf(hasPty)('rqts dev on a terminal', () => {
  it('has keys', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('boom', [], { jobId: 'b1' })
    const dev = s.terminal('dev', '--no-color', '--no-dashboard')
    await dev.seen(/\? shows the keys, q quits/)
    await dev.seen(/✗ boom/)
    await until('it is written down', async () => (await s.queue().fetchJob('b1'))?.status === 'failed')
    dev.type('?')
    await dev.seen(/r {2}reload the worker[^]*q {2}quit/)
    dev.type('f')
    await dev.seen(/b1 +failed/)
    dev.type('i')
    await dev.seen(/1 queue · 0 waiting · 0 running · 1 failed/)
    dev.type('p')
    await dev.seen(/paused: p goes on/)
    dev.type('p')
    await dev.seen(/p goes on\r\n[^]*\d goes on/)
    dev.type('r')
    await dev.seen(/reloaded; running jobs finish on the old code/)
    dev.type('q')
    expect((await dev.exited).code).toBe(0)
  })

  it('Ctrl-C lets running jobs finish, and gives the terminal back', async () => {
    const s = await scene({
      'tasks.mjs':
        "import { existsSync } from 'node:fs'\nexport async function wait() { while (!existsSync('go')) await new Promise((r) => setTimeout(r, 20)) }",
    })
    await s.queue().enqueue('wait', [])
    const dev = s.terminal('dev', '-v', '--no-dashboard')
    await dev.seen(/▸ wait/)
    dev.type('\u0003')
    await dev.seen(/stopping: 1 running \(Ctrl-C again puts them back at once\)/)
    expect(existsSync(join(s.dir, 'go'))).toBe(false)
    writeFileSync(join(s.dir, 'go'), '')
    const { code, stdout } = await dev.exited
    expect(code).toBe(0)
    expect(stdout).toContain('done: 1 job, 1 succeeded, 0 failed')
  })
})
