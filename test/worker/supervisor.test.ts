import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from '../../lib/embedded/port.ts'
import { task, Worker } from '../../lib/index.ts'
import { Scale } from '../../lib/worker/supervisor/scale.ts'
import { gate, type Stage, stage, until } from '../support/stage.ts'
import { type WorkerCommand, workerCommand, workerInto } from '../support/worker-command.ts'

const commands: WorkerCommand[] = []
afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.kill('SIGKILL')
    await command.ended()
  }
})

function start(s: Stage, ...args: string[]): WorkerCommand {
  const command = workerCommand(s, ...args)
  commands.push(command)
  return command
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const READY = '"msg":"ready"'

describe('rqts worker as a supervisor', () => {
  it.each(['exit', 'SIGKILL', 'SIGSEGV'])('a worker that dies (%s) is replaced, and its job runs again at once', async (how) => {
    const s = await stage()
    const job = await s.queue().enqueue('crash', [how])
    const command = start(s)
    expect(await job.result({ timeout: '60s' })).toBe('attempt 2')
    const [lost, done] = await job.attempts()
    expect(lost).toMatchObject({ outcome: 'lost', error: { code: 'RQTS_LOST' } })
    expect(lost!.error!.message).toMatch(how === 'exit' ? /exit code 7/ : new RegExp(how))
    // Far sooner than the lease of 30 s; most of it is the start of a process.
    expect(done!.startedAt.getTime() - lost!.startedAt.getTime()).toBeLessThan(25_000)
    command.kill('SIGTERM')
    expect(await command.ended()).toBe(0)
  })

  it('a handler in for(;;) fails with a timeout, its neighbour goes back with no attempt charged, and the worker is replaced', async () => {
    const s = await stage()
    const queue = s.queue()
    const command = start(s, '--grace', '500')
    await command.seen(READY)
    const neighbour = await queue.enqueue('hold', [])
    await command.seen(`running ${neighbour.id}`)
    const spin = await queue.enqueue('spin', [], { timeout: 1_000 })
    const { error } = (await spin.settle({ timeout: '60s' })) as { error: { cause: Error } }
    expect(error.cause).toMatchObject({ code: 'RQTS_TIMEOUT', message: expect.stringContaining('spin') as string })
    await command.seen(`running ${neighbour.id}`, 2)
    await neighbour.refresh()
    expect(neighbour).toMatchObject({ status: 'started', attempt: 1 })
    command.kill('SIGTERM')
    await command.seen('"msg":"stopping"')
    command.kill('SIGTERM')
    expect(await command.ended()).toBe(130)
    await neighbour.refresh()
    expect(neighbour).toMatchObject({ status: 'queued', attempt: 0 })
  })

  it('drains at the first signal and puts back at the second', async () => {
    const s = await stage()
    const job = await s.queue().enqueue('hold', [])
    const command = start(s)
    await command.seen(`running ${job.id}`)
    command.kill('SIGINT')
    await command.seen('"msg":"stopping"')
    command.kill('SIGINT')
    expect(await command.ended()).toBe(130)
    await job.refresh()
    expect(job).toMatchObject({ status: 'queued', attempt: 0 })
  })

  it('an error outside of any job: logged with the ids of those that run, drained, replaced', async () => {
    const s = await stage()
    const queue = s.queue()
    const command = start(s)
    await command.seen(READY)
    await queue.enqueue('stray', [])
    await command.seen('outside of any job')
    await command.seen(READY, 2)
    expect(await (await queue.enqueue('add', [1, 2])).result({ timeout: '60s' })).toBe(3)
    command.kill('SIGTERM')
    await command.ended()
  })

  it('keeps several, and leaves no orphan when it is killed itself', async () => {
    const s = await stage()
    const command = start(s, '--processes', '2', '--name', 'w', '-p', 'processes', '-c', '1')
    await command.seen(READY, 2)
    const workers = await Worker.all({ connection: s.url, prefix: s.prefix })
    expect(workers.map(({ name }) => name).sort()).toEqual(['w.1', 'w.2'])
    const job = await s.queue().enqueue('pid', [])
    const pids = [...workers.map(({ pid }) => pid), (await job.result({ timeout: '60s' })) as number]
    expect(pids.every(alive)).toBe(true)
    command.kill('SIGKILL')
    await until('all are gone', () => !pids.some(alive))
  })

  it('has as many as the backlog asks for', async () => {
    const s = await stage()
    await s.queue().enqueueMany(Array.from({ length: 4 }, () => ['hold', []] as const))
    const command = start(s, '--processes', '1..3', '-c', '1', '--name', 'w')
    // With a job each: one that still starts would end at the signal without another word.
    const busy = async (): Promise<number> =>
      (await Worker.all({ connection: s.url, prefix: s.prefix })).filter(({ state }) => state === 'busy').length
    await until('there are three', async () => (await busy()) === 3, 60_000)
    command.kill('SIGTERM')
    await command.seen('"msg":"stopping"', 3)
    command.kill('SIGTERM')
    expect(await command.ended()).toBe(130)
    expect(await s.queue().counts()).toMatchObject({ queued: 4, started: 0 })
  })

  it('a worker that was told to stop stays away; when none is left it ends', async () => {
    const s = await stage()
    const command = start(s, '--name', 'told')
    await command.seen(READY)
    await s.store.client.call('PUBLISH', s.store.keys.worker('told'), 'shutdown')
    expect(await command.ended()).toBe(0)
  })

  it('says why when no worker ever gets ready, ends with that code, and leaves alone who has the name', async () => {
    const s = await stage()
    const [running, held] = [gate(), gate()]
    const hold = task('held', async () => {
      running.open()
      await held.promise
    })
    const job = await s.queue().enqueue(hold)
    const twin = s.worker('default', { tasks: [hold], name: 'taken' })
    const done = twin.run()
    await running.promise
    const command = start(s, '--name', 'taken')
    expect(await command.ended()).toBe(5)
    expect((await Worker.all({ connection: s.url, prefix: s.prefix })).map(({ name }) => name)).toEqual(['taken'])
    held.open()
    await job.result({ timeout: '60s' })
    expect(await job.attempts()).toMatchObject([{ attempt: 1, outcome: 'finished' }])
    await twin.stop()
    await done
  })
})

describe('a worker process', () => {
  it('--watch: runs the new code once a file is saved, and keeps the old when the new does not load', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rqts-watch-'))
    const file = join(folder, 'tasks.mjs')
    // In one step: half a file would load, too, and know no task.
    const write = (text: string): void => {
      writeFileSync(`${file}.new`, `export const version = () => ${text}\n`)
      renameSync(`${file}.new`, file)
    }
    try {
      write('1')
      const s = await stage()
      const queue = s.queue()
      const command = start(s, '-t', file, '--watch')
      expect(await (await queue.enqueue('version', [])).result({ timeout: '60s' })).toBe(1)
      write('2')
      await command.seen('"msg":"reloaded"')
      expect(await (await queue.enqueue('version', [])).result({ timeout: '60s' })).toBe(2)
      write('(broken')
      await command.seen('cannot be loaded; the old ones stay')
      expect(await (await queue.enqueue('version', [])).result({ timeout: '60s' })).toBe(2)
      command.kill('SIGTERM')
      expect(await command.ended()).toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it.each(['0', '1'])('answers probes (--processes %s)', async (processes) => {
    const s = await stage()
    const port = await freePort()
    const command = start(s, '--processes', processes, '--probe-port', String(port), '--name', 'probed')
    await command.seen(READY)
    const ask = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status
    await until('it is ready', async () => (await ask('/readyz')) === 200)
    expect([await ask('/healthz'), await ask('/elsewhere')]).toEqual([200, 404])
    const job = await s.queue().enqueue('hold', [])
    await command.seen(`running ${job.id}`)
    const scraped = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    // A worker tells what it does itself, a supervisor what Redis knows of all.
    const line = processes === '0' ? 'rqts_worker_running{worker="probed"} 1' : 'rqts_jobs{queue="default",state="started"} 1'
    expect((await scraped.text()).split('\n')).toContain(line)
    command.kill('SIGTERM')
    await until('it takes no more jobs', async () => (await ask('/readyz')) === 503)
    expect(await ask('/healthz')).toBe(200)
    command.kill('SIGTERM')
    expect(await command.ended()).toBe(130)
  })

  it('is paused by SIGTSTP and goes on with SIGCONT', async () => {
    const s = await stage()
    const command = start(s, '--name', 'w')
    await command.seen(READY)
    const state = async (): Promise<string | undefined> => (await Worker.all({ connection: s.url, prefix: s.prefix }))[0]?.state
    command.kill('SIGTSTP')
    await until('it is paused', async () => (await state()) === 'paused')
    command.kill('SIGCONT')
    await until('it goes on', async () => (await state()) === 'idle')
    command.kill('SIGTERM')
    expect(await command.ended()).toBe(0)
  })

  it.each(['0', '1'])('a signal while it starts ends it, also when a task file loads for ever (--processes %s)', async (processes) => {
    const folder = mkdtempSync(join(tmpdir(), 'rqts-slow-'))
    try {
      const file = join(folder, 'tasks.mjs')
      writeFileSync(file, "console.log('loading'); setInterval(() => 0, 1_000); await new Promise(() => 0); export function never() {}\n")
      const s = await stage()
      const command = start(s, '-t', file, '--processes', processes)
      await command.seen('loading')
      command.kill('SIGTERM')
      expect(await command.ended()).toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('a signal to its whole process group, as a terminal sends it, counts once: jobs finish, in children too', async () => {
    const s = await stage()
    const [nap, held] = await s.queue().enqueueMany([
      ['nap', [1_500]],
      ['hold', []],
    ])
    const command = start(s, '-p', 'processes', '-c', '2', '--shutdown-timeout', '60s')
    await command.seen(`running ${held.id}`)
    process.kill(-command.child.pid!, 'SIGINT')
    expect(await nap.result({ timeout: '60s' })).toBe(nap.id)
    await held.cancel()
    expect(await held.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    expect(await command.ended()).toBe(0)
  })

  it('a signal to every process, as some platforms send it, counts once', async () => {
    const s = await stage()
    const [nap, held] = await s.queue().enqueueMany([
      ['nap', [1_500]],
      ['hold', []],
    ])
    const command = start(s, '-c', '2', '--shutdown-timeout', '60s')
    await command.seen(`running ${held.id}`)
    const [worker] = await Worker.all({ connection: s.url, prefix: s.prefix })
    for (const pid of [worker!.pid, command.child.pid!, worker!.pid]) process.kill(pid, 'SIGTERM')
    expect(await nap.result({ timeout: '60s' })).toBe(nap.id)
    await held.cancel()
    expect(await held.settle({ timeout: '60s' })).toMatchObject({ status: 'stopped' })
    expect(await command.ended()).toBe(0)
    expect(command.text()).not.toContain('aborting')
  })

  it.each(['0', '1', '2'])('drains when nobody reads its log any more (--processes %s)', async (processes) => {
    const s = await stage()
    const command = start(s, '--processes', processes)
    await command.seen(READY)
    command.child.stdout?.destroy()
    await s.queue().enqueue('add', [1, 2])
    expect(await command.ended()).toBe(0)
  })

  it.skipIf(!existsSync('/dev/full')).each(['0', '1'])(
    'ends with 1 when the disk of its log is full (--processes %s), and does not crash in a loop',
    async (processes) => {
      const s = await stage()
      expect(await workerInto('/dev/full', s, '--processes', processes)).toBe(1)
    },
  )
})

describe('the scale', () => {
  const busy = { queued: 100, oldestMs: 5_000, running: 20 }
  const calm = { queued: 0, oldestMs: 0, running: 0 }

  it('goes up by one a look while jobs wait, up to the maximum', () => {
    const scale = new Scale({ min: 1, max: 3, concurrency: 10 })
    expect([1, 2, 3, 4].map((second) => scale.look(busy, second * 1_000))).toEqual([2, 3, 3, 3])
  })

  it('comes back after half a minute of quiet, one by one, and not while work is left', () => {
    const scale = new Scale({ min: 1, max: 3, concurrency: 10 })
    for (const second of [0, 1]) scale.look(busy, second)
    expect(scale.look(calm, 10_000)).toBe(3)
    expect(scale.look(calm, 39_000)).toBe(3)
    expect(scale.look({ ...calm, running: 25 }, 39_500)).toBe(3)
    expect(scale.look(calm, 40_000)).toBe(3)
    expect(scale.look(calm, 70_000)).toBe(2)
    expect(scale.look(calm, 100_000)).toBe(1)
    expect(scale.look(calm, 999_000)).toBe(1)
  })

  it('a short queue that moves is no reason', () => {
    const scale = new Scale({ min: 1, max: 3, concurrency: 10 })
    expect(scale.look({ queued: 8, oldestMs: 200, running: 10 }, 1)).toBe(1)
    expect(scale.look({ queued: 8, oldestMs: 1_200, running: 10 }, 2)).toBe(2)
  })
})
