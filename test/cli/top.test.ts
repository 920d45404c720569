import { describe, expect, it } from 'vitest'
import { ownServer, proxyTo } from '../support/servers.ts'
import { hasPty, type Running, type Scene, scene, TASKS } from './cli.ts'

async function seeded(): Promise<Scene> {
  const s = await scene({ 'tasks.mjs': TASKS })
  for (let i = 1; i <= 3; i++) await s.queue('mail').enqueue('add', [i, i], { jobId: `m${i}` })
  await s.queue('broken').enqueue('boom', [], { jobId: 'b1' })
  await s.queue('broken').enqueue('talk', [], { jobId: 'b2' })
  await s.run('worker', 'broken', '--burst')
  return s
}

async function open(s: Scene): Promise<Running> {
  const top = s.terminal('top', '-i', '0.2')
  await top.shows(/› broken[^]*mail[^]*No workers/)
  return top
}

const DOWN = '\u001b[B'
const ESCAPE = '\u001b'

describe.runIf(hasPty)('rqts top', () => {
  it('shows queues and workers, and what changes', async () => {
    const s = await seeded()
    const top = await open(s)
    await s.queue('mail').enqueue('add', [4, 4])
    await top.shows(/mail +█+ 4 /)
    await s.start('worker', 'other', '--name', 'w1').seen(/"ready"/)
    const screen = await top.shows(/w1 +idle +other/)
    expect(screen.length).toBe(24)
    for (const line of screen) expect([...line].length).toBeLessThanOrEqual(80)
  })

  it('opens a queue, a job of it, and its log, and goes back', async () => {
    const s = await seeded()
    const top = await open(s)
    top.type('\r')
    await top.shows(/all jobs of broken[^]*b1 +failed[^]*TypeError: it broke/)
    top.type('\u001b[C'.repeat(8))
    await top.shows(/finished jobs of broken[^]*› b2 +finished/)
    top.type('\r')
    await top.shows(/job b2 in broken[^]*status +finished[^]*log \(2\)\n +first line\n +second line/)
    top.type(ESCAPE)
    await top.shows(/finished jobs of broken/)
    top.type(ESCAPE)
    await top.shows(/^queues and workers/m)
    top.type('q')
    expect((await top.exited).code).toBe(0)
  })

  it('requeues, cancels and deletes; small letters never delete', async () => {
    const s = await seeded()
    const top = await open(s)
    top.type('\r')
    await top.shows(/› b1/)
    top.type('c')
    top.type('d')
    top.type('r')
    await top.shows(/b1 requeued/)
    expect((await s.queue('broken').fetchJob('b1'))?.status).toBe('queued')
    await top.shows(/› b1 +queued/)
    top.type('C')
    await top.shows(/b1 canceled/)
    await top.shows(/› b1 +canceled/)
    top.type('D')
    await top.shows(/b1 deleted/)
    expect(await s.queue('broken').fetchJob('b1')).toBeNull()
    expect(await s.queue('broken').fetchJob('b2')).not.toBeNull()
  })

  it('pauses and empties a queue, pauses and stops a worker', async () => {
    const s = await seeded()
    const worker = s.start('worker', 'other', '--name', 'w1')
    await worker.seen(/"ready"/)
    const top = s.terminal('top', '-i', '0.2')
    await top.shows(/› broken[^]*w1/)
    top.type(DOWN)
    await top.shows(/› mail/)
    top.type('p')
    await top.shows(/› mail.* paused/)
    expect(await s.queue('mail').isPaused()).toBe(true)
    top.type('E')
    await top.shows(/3 waiting jobs of mail deleted/)
    expect(await s.queue('mail').count()).toBe(0)
    top.type('\t')
    await top.shows(/› w1/)
    top.type('p')
    await top.shows(/› w1 +paused/)
    top.type('p')
    await top.shows(/› w1 +idle/)
    top.type('S')
    // An idle worker may be gone before the next picture is drawn.
    await top.shows(/w1 stops when its jobs are done|No workers/)
    expect((await worker.exited).code).toBe(0)
  })

  it('? shows the keys, and says why an action was refused', async () => {
    const s = await seeded()
    const top = await open(s)
    top.type('?')
    await top.shows(/move[^]*A capital letter does what cannot be undone/)
    top.type('?')
    await top.shows(/› broken/)
    top.type('\r')
    await top.shows(/› b1/)
    top.type('n')
    await top.shows(/b1.*failed.*scheduled|scheduled.*b1.*failed/)
  })

  it('turns pages at the edge of a long list', async () => {
    const s = await scene()
    await s.queue().enqueueMany(Array.from({ length: 50 }, (_, i) => ['add', [i], { jobId: `j${i}` }] as const))
    const top = s.terminal('top', '-i', '0.2')
    await top.shows(/› default/)
    top.type('\r')
    await top.shows(/› j0 [^]* of up to 50/)
    top.type('\u001b[6~')
    await top.shows(/› j(\d\d) /)
    top.type('\u001b[6~')
    await top.shows(/› j17 [^]*18–34 of up to 50/)
    top.type('\u001b[A')
    await top.shows(/j0 [^]*1–17 of/)
  })

  it('follows the size of the window', async () => {
    const s = await seeded()
    const top = await open(s)
    top.resize(50, 12)
    // The line of the keys tells how high the screen is, and what it has room for how wide.
    const screen = await top.shows(/^(.*\n){11}enter jobs(?!.*quit).*$/)
    expect(screen.find((line) => line.includes('› broken'))).toBeDefined()
    for (const line of screen) expect([...line].length).toBeLessThanOrEqual(50)
  })

  it.each([
    ['Ctrl-C', '\u0003', 130],
    ['q', 'q', 0],
  ])('%s gives the terminal back', async (_, key, code) => {
    const s = await seeded()
    const top = await open(s)
    top.type(key)
    const ended = await top.exited
    expect(ended.code).toBe(code)
    expect(ended.stdout.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true)
    expect(ended.stdout.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true)
  })

  it('gives the terminal back when it crashes, and says why on the screen that stays', async () => {
    const s = await seeded()
    s.write({ 'crash.mjs': "process.on('SIGUSR2', () => { throw new TypeError('a bug') })" })
    s.env['NODE_OPTIONS'] = `--import=${s.dir}/crash.mjs`
    const top = await open(s)
    process.kill(top.insidePid, 'SIGUSR2')
    const { code, stdout } = await top.exited
    expect(code).toBe(1)
    expect(stdout.split('\u001b[?1049l')[1]).toContain('a bug')
  })

  it('says that Redis is away, and goes on when it is back', async () => {
    const server = await ownServer()
    const proxy = await proxyTo(server)
    const s = await scene()
    s.env['RQTS_REDIS_URL'] = server.url
    await s.run('enqueue', 'add')
    const top = s.terminal('top', '-i', '0.2', '-u', proxy.url)
    await top.shows(/› default +█+ 1 /)
    proxy.refusing = true
    proxy.hangUp()
    await top.shows(/Cannot reach Redis at .* \(from --url\)/)
    proxy.refusing = false
    await s.run('enqueue', 'add')
    await top.shows(/› default +█+ 2 /)
  })

  it('needs a terminal', async () => {
    const s = await scene()
    expect(await s.run('top')).toMatchObject({ code: 2, stderr: expect.stringContaining('rqts top needs a terminal') })
  })
})
