import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../lib/embedded/port.ts'
import { MAIN, scene, TASKS, until } from './cli.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('rqts init', () => {
  it('writes a project that runs', async () => {
    const s = await scene()
    const { code, stdout } = await s.run('init')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^written {2}tasks\.ts\nwritten {2}app\.ts\nwritten {2}rqts\.config\.ts\nwritten {2}package\.json\n/)
    await s.start('worker').seen(/"ready"/)
    expect(await s.run('enqueue', 'add', ':2', ':3', '--wait')).toMatchObject({ code: 0, stdout: '5\n' })
    for (const file of ['tasks.ts', 'app.ts']) {
      expect(readFileSync(join(s.dir, file), 'utf8')).toBe(readFileSync(join(ROOT, 'examples/quickstart', file), 'utf8'))
    }
    symlinkSync(join(ROOT, 'node_modules'), join(s.dir, 'node_modules'))
    writeFileSync(join(s.dir, 'check.ts'), "import { add } from './tasks.ts'\nexport const sum: number = add(1, 2)\n")
    const tsc = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        '--noEmit',
        '--strict',
        '--allowImportingTsExtensions',
        '--module',
        'nodenext',
        'check.ts',
      ],
      {
        cwd: s.dir,
      },
    )
    expect(tsc.stdout.toString()).toBe('')
  })

  it('changes nothing that is there, adds scripts that are missing, and keeps the indentation', async () => {
    const s = await scene({ 'tasks.ts': '// mine\n', 'package.json': '{\n    "name": "mine",\n    "scripts": { "worker": "my own" }\n}\n' })
    expect(await s.json('init', '--dry-run')).toEqual({
      dryRun: true,
      files: [
        { file: 'tasks.ts', what: 'kept' },
        { file: 'rqts.config.ts', what: 'written' },
        { file: 'package.json', what: 'changed' },
      ],
    })
    expect(existsSync(join(s.dir, 'rqts.config.ts'))).toBe(false)
    await s.run('init')
    expect(readFileSync(join(s.dir, 'tasks.ts'), 'utf8')).toBe('// mine\n')
    const text = readFileSync(join(s.dir, 'package.json'), 'utf8')
    expect(text).toContain('\n    "name": "mine"')
    expect(JSON.parse(text)).toEqual({
      name: 'mine',
      scripts: { worker: 'my own', dev: 'rqts dev', queues: 'rqts top' },
    })
    expect(await s.json('init')).toMatchObject({ files: [{ what: 'kept' }, { what: 'kept' }, { what: 'kept' }] })
  })
})

describe('rqts init after npm install', () => {
  it('makes the bare package.json one of modules, so that compilers take the `await` of app.ts', async () => {
    const s = await scene({ 'package.json': '{\n  "dependencies": { "rqts": "^0.1.0" }\n}\n' })
    await s.run('init')
    expect(JSON.parse(readFileSync(join(s.dir, 'package.json'), 'utf8'))).toEqual({
      type: 'module',
      dependencies: { rqts: '^0.1.0' },
      scripts: { dev: 'rqts dev', worker: 'rqts worker', queues: 'rqts top' },
    })
  })
})

it('rqts init says how pnpm runs the program, whose strict layout hides jiti', async () => {
  const s = await scene({ 'package.json': '{}', 'pnpm-lock.yaml': '' })
  expect((await s.run('init')).stdout).toContain('  pnpm dlx jiti app.ts ')
})

describe('the first five minutes', () => {
  it('an empty directory, three commands, a result', async () => {
    const s = await scene()
    delete s.env['RQTS_REDIS_URL']
    delete s.env['RQTS_PREFIX']
    expect((await s.run('init')).stdout).toMatch(/written +tasks\.ts\n[^]*npx rqts dev [^]*npx rqts enqueue add :2 :3 --wait/)
    const dev = s.start('dev', '--port', String(await freePort()))
    await dev.seen(/"ready"/)
    expect(await s.run('enqueue', 'add', ':2', ':3', '--wait')).toMatchObject({ code: 0, stdout: '5\n' })
    dev.signal('SIGINT')
    expect((await dev.exited).code).toBe(0)
  })
})

describe('rqts redis', () => {
  it('starts, reports and stops the server of the project, which commands find by themselves', async () => {
    const s = await scene({ 'package.json': '{}' })
    delete s.env['RQTS_REDIS_URL']
    expect(await s.run('redis', 'status')).toMatchObject({ code: 1, stdout: expect.stringContaining('does not run: rqts redis start') })
    try {
      expect(await s.json('redis', 'start')).toEqual({ running: true, started: true, url: expect.any(String) })
      expect(await s.run('redis', 'start')).toMatchObject({ code: 0, stdout: expect.stringContaining('it runs already') })
      expect(await s.json('redis', 'status')).toMatchObject({ running: true, pid: expect.any(Number), dir: join(s.dir, '.rqts') })
      expect(await s.run('info')).toMatchObject({ code: 0 })
      s.env['REDIS_URL'] = s.url
      expect((await s.run('redis', 'start')).stderr).toContain('warning: REDIS_URL is set, so commands use that Redis and not this one')
    } finally {
      expect(await s.run('redis', 'stop')).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped') })
    }
    expect(await s.run('redis', 'stop')).toMatchObject({ code: 0, stdout: 'it did not run\n' })
  })
})

describe('rqts bench', () => {
  it('measures, and leaves nothing behind', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const rate = expect.any(Number) as number
    expect(await s.json('bench', '-n', '200', '-c', '10')).toEqual({
      machine: { cpus: expect.any(Number), model: expect.any(String), node: process.versions.node, redis: expect.any(String) },
      jobs: 200,
      concurrency: 10,
      enqueue: { oneByOne: rate, inBulk: rate },
      process: rate,
      latencyMs: { start: { p50: rate, p95: rate, p99: rate }, result: { p50: rate, p95: rate, p99: rate } },
    })
    expect(await s.json('info')).toMatchObject({ queues: [], workers: [] })
  })
})

describe('rqts completion', () => {
  it.each(['bash', 'zsh', 'fish'])('%s names commands and flags', async (shell) => {
    const { code, stdout } = await (await scene()).run('completion', shell)
    expect(code).toBe(0)
    for (const word of ['worker', 'enqueue', 'max-jobs', 'depends-on']) expect(stdout).toContain(word)
    for (const values of ['async processes threads', 'priority round-robin random', 'pretty json']) expect(stdout).toContain(values)
  })

  it('bash completes commands, flags, actions and names, and is silent without Redis', async () => {
    const s = await scene({ 'tasks.mjs': TASKS, 'bin/rqts': `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n` })
    chmodSync(join(s.dir, 'bin/rqts'), 0o755)
    await s.queue('mail').enqueue('add', [1, 2])
    await s.start('worker', 'reports', '--name', 'w1').seen(/"ready"/)
    const { stdout } = await s.run('completion', 'bash')
    const complete = (words: string[], env: Record<string, string> = {}): string => {
      const script = `${stdout}\nCOMP_WORDS=(rqts ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _rqts; echo "\${COMPREPLY[@]}"`
      return execFileSync('bash', ['-c', script], { cwd: s.dir, env: { ...s.env, PATH: `${s.dir}/bin:${s.env['PATH']}`, ...env } })
        .toString()
        .trim()
    }
    expect(complete(['wor'])).toBe('worker workers')
    expect(complete(['worker', '--max'])).toBe('--max-jobs-per-child --max-memory-per-child --max-jobs --max-idle')
    expect(complete(['-u', 'x', 'info', '--only'])).toBe('--only-queues --only-workers')
    // A loaded machine may be too slow for somebody who types; then there are none.
    const names = (words: string[], expected: string): Promise<void> => until(words.join(' '), () => complete(words) === expected)
    await names(['info', ''], 'mail reports')
    await names(['jobs', '-q', 'm'], 'mail')
    await names(['enqueue', ''], 'add boom greet hang talk')
    await names(['stop', ''], 'w1')
    expect(complete(['worker', '--pool', ''])).toBe('async processes threads')
    expect(complete(['worker', '-p', 'p'])).toBe('processes')
    expect(complete(['-u', 'x', 'jobs', '-s', 'f'])).toBe('finished failed')
    expect(complete(['worker', '--pool', 'async', '--strategy', 'r'])).toBe('round-robin random')
    expect(complete(['schedule', 'p'])).toBe('pause')
    expect(complete(['redis', ''])).toBe('start stop status')
    expect(complete(['worker', 'zz'])).toBe('')
    expect(complete(['info', ''], { RQTS_REDIS_URL: 'redis://127.0.0.1:1' })).toBe('')
  })
})
