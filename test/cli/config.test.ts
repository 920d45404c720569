import { describe, expect, it } from 'vitest'
import { worker } from '../../cli/commands/worker.ts'
import { fieldOf } from '../../cli/config.ts'
import { loadConfig } from '../../cli/config-file.ts'
import { withPrivateRedis } from '../support/redis.ts'
import { type Scene, scene, TASKS } from './cli.ts'

/** What a worker says of itself when it starts. */
async function startFacts(s: Scene, ...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await s.run('worker', '--burst', '--log-format', 'json', ...args)
  const line = stdout.split('\n').find((text) => text.includes('"starting"'))
  if (line === undefined) throw new Error(`no start line:\n${stdout}\n${stderr}`)
  return JSON.parse(line) as Record<string, unknown>
}

describe('settings', () => {
  it('come from the flag, else the variable, else the config file, else the default, each by itself', async () => {
    const s = await scene({ 'tasks.js': TASKS, 'package.json': '{"type":"module"}' })
    expect(await startFacts(s)).toMatchObject({ queues: ['default'], concurrency: 10 })
    s.write({
      'rqts.config.ts': `import { defineConfig } from 'rqts/config'
const names: string[] = ['from-file']
export default defineConfig({ queues: names, worker: { concurrency: 3, name: 'file' } })`,
    })
    expect(await startFacts(s)).toMatchObject({ queues: ['from-file'], concurrency: 3, name: 'file' })
    s.env['RQTS_CONCURRENCY'] = '4'
    s.env['RQTS_QUEUES'] = 'a, b'
    expect(await startFacts(s)).toMatchObject({ queues: ['a', 'b'], concurrency: 4, name: 'file' })
    expect(await startFacts(s, 'c', '-c', '5')).toMatchObject({ queues: ['c'], concurrency: 5, name: 'file' })
  })

  it.each([
    ['rqts.config.js', "export default { worker: { name: 'chosen' } }"],
    ['rqts.config.mjs', "export default { worker: { name: 'chosen' } }"],
    ['rqts.config.json', '{ "worker": { "name": "chosen" } }'],
  ])('are read from %s', async (file, text) => {
    const s = await scene({ [file]: text, 'tasks.js': TASKS, 'package.json': '{"type":"module"}' })
    expect(await startFacts(s)).toMatchObject({ name: 'chosen' })
  })

  it('a config file may name any flag; in worker it is for the worker alone', async () => {
    const s = await scene({
      'rqts.config.json':
        '{ "name": "all", "concurrency": 3, "port": 9200, "json": false, "worker": { "concurrency": 4, "maxIdle": 9000, "processes": 0 } }',
      'tasks.js': TASKS,
      'package.json': '{"type":"module"}',
    })
    expect(await startFacts(s)).toMatchObject({ name: 'all', concurrency: 4 })
    s.env['RQTS_NAME'] = 'chosen'
    expect(await startFacts(s)).toMatchObject({ name: 'chosen', concurrency: 4 })
    // The limit of a queue is another thing, called otherwise.
    expect((await s.run('limits', 'default', '--json')).stdout).not.toContain('"concurrency":3')
  })

  it('connection in a config file may be a URL, as in the library', async () => {
    const s = await scene({ 'rqts.config.json': '{ "connection": "redis://:geheim@127.0.0.1:1" }' })
    delete s.env['RQTS_REDIS_URL']
    const { code, stderr } = await s.run('info')
    expect(code).toBe(3)
    expect(stderr).toMatch(/redis:\/\/:\*\*\*@127\.0\.0\.1:1 \(from .*rqts\.config\.json\)/)
  })

  it('--config names another file; task paths are relative to it', async () => {
    const s = await scene({ 'deep/my.json': '{ "tasks": "./jobs.mjs", "worker": { "name": "deep" } }', 'deep/jobs.mjs': TASKS })
    expect(await startFacts(s, '--config', 'deep/my.json')).toMatchObject({ name: 'deep', tasks: ['add', 'boom', 'greet', 'hang', 'talk'] })
    const { code, stderr } = await s.run('info', '--config', 'nowhere.ts')
    expect(code).toBe(2)
    expect(stderr).toContain('nowhere.ts')
  })

  it('a URL in the config file is used, and named in errors without its password', async () => {
    const s = await scene({ 'rqts.config.json': '{ "url": "redis://:geheim@127.0.0.1:1" }' })
    delete s.env['RQTS_REDIS_URL']
    const { code, stderr } = await s.run('info')
    expect(code).toBe(3)
    expect(stderr).toContain('redis://:***@127.0.0.1:1 (from ')
    expect(stderr).toContain('rqts.config.json')
    expect(stderr).not.toContain('geheim')
  })

  it('connection in the config file is for what a URL cannot say; a URL that is given wins', async () => {
    const s = await scene({ 'rqts.config.json': '{ "connection": { "sentinels": [{ "host": "127.0.0.1", "port": 1 }], "name": "m" } }' })
    expect((await s.run('info')).code).toBe(0)
    delete s.env['RQTS_REDIS_URL']
    const { code, stderr } = await s.run('info')
    expect(code).toBe(3)
    expect(stderr).toContain('redis+sentinel://127.0.0.1:1/m')
  })

  it.each([
    ['{ "url": "x", "connection": {} }', 'both url and connection'],
    ['{ "connection": true }', 'a URL or plain options'],
    ['{ "config": "x" }', "unknown field 'config'"],
    ['{ "limit-concurrency": 3 }', "unknown field 'limit-concurrency'"],
    ['{ "maxIdle": "soon" }', 'maxIdle'],
    ['{ "urll": "x" }', "unknown field 'urll'; known are url, connection, prefix"],
    ['{ "worker": { "threads": 2 } }', "unknown field 'threads'; known are burst, captureOutput"],
    ['{ "worker": { "concurrency": 0 } }', "'concurrency' in"],
    ['[]', 'must export an object'],
    ['{', 'could not be read'],
  ])('a config file %s is refused, not ignored', async (text, message) => {
    const { code, stderr } = await (await scene({ 'rqts.config.json': text, 'tasks.mjs': TASKS })).run('worker', '-b')
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it('a variable for a switch says 1 or 0', async () => {
    const s = await scene()
    s.env['RQTS_RAW'] = '0'
    expect((await s.run('info')).stdout).toContain('No queues yet')
    s.env['RQTS_RAW'] = 'true'
    expect((await s.run('info')).stdout).toBe('')
    s.env['RQTS_RAW'] = 'perhaps'
    const { code, stderr } = await s.run('info')
    expect(code).toBe(2)
    expect(stderr).toContain("RQTS_RAW is invalid: say 1 or 0, not 'perhaps'")
  })

  it('the variable of a --no-… says no', async () => {
    const s = await scene()
    s.env['FORCE_COLOR'] = '1'
    expect((await s.run('info')).stdout).toContain('\u001b[')
    s.env['RQTS_NO_COLOR'] = '1'
    expect((await s.run('info')).stdout).not.toContain('\u001b[')
  })

  it('global flags may stand before the command or after it', async () => {
    const s = await scene()
    expect((await s.run('--json', 'jobs')).stdout).toBe((await s.run('jobs', '--json')).stdout)
  })

  it('those of where Redis is may stand at commands that need none, and are told of', async () => {
    const s = await scene({ 'rqts.config.json': '{ "nonsense": 1 }' })
    const where = ['-u', s.env['RQTS_REDIS_URL']!, '--prefix', 'other', '--config', 'rqts.config.json']
    const told = ['url', 'prefix', 'config'].map((flag) => `warning: --${flag} changes nothing here\n`).join('')
    for (const command of [
      ['init', '--dry-run'],
      ['redis', 'status'],
    ]) {
      const plain = await s.run(...command)
      expect(await s.run(...command, ...where)).toEqual({ ...plain, stderr: told + plain.stderr })
    }
  })

  it('in worker a config file may name each flag of the worker', async () => {
    const fields = worker.flags.map(fieldOf).filter((field) => field !== 'tasks')
    expect(fields.length).toBeGreaterThan(10)
    const s = await scene({ 'c.json': JSON.stringify({ worker: Object.fromEntries(fields.map((field) => [field, 1])) }) })
    const { config } = await loadConfig(s.dir, 'c.json', () => Promise.resolve(false))
    expect(Object.keys(config.worker!)).toEqual(fields)
  })
})

describe('Redis out of reach', () => {
  it.each([
    ['--url', ['-u', 'redis://ann:geheim@127.0.0.1:1/2'], {}, 'redis://ann:***@127.0.0.1:1/2 (from --url)'],
    ['RQTS_REDIS_URL', [], { RQTS_REDIS_URL: 'redis://127.0.0.1:1' }, 'redis://127.0.0.1:1 (from RQTS_REDIS_URL)'],
    ['REDIS_URL', [], { REDIS_URL: 'redis://:geheim@127.0.0.1:1' }, 'redis://:***@127.0.0.1:1 (from REDIS_URL)'],
  ] as const)('exit 3, and one message says that the URL came from %s', async (_, args, env, where) => {
    const s = await scene()
    delete s.env['RQTS_REDIS_URL']
    Object.assign(s.env, env)
    const { code, stdout, stderr } = await s.run('jobs', ...args)
    expect(code).toBe(3)
    expect(stdout).toBe('')
    expect(stderr).toContain(`Cannot reach Redis at ${where}: connect ECONNREFUSED 127.0.0.1:1. Start one with \`npx rqts redis start\``)
    expect(stderr).not.toContain('geheim')
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('exit 3 too when it refuses who we are', async () => {
    await withPrivateRedis(
      async (server) => {
        const s = await scene()
        s.env['RQTS_REDIS_URL'] = server.url.replace('://', '://:wrong@')
        const { code, stderr } = await s.run('info')
        expect(code).toBe(3)
        expect(stderr).toContain('Redis refused (redis://:***@127.0.0.1:')
        expect(stderr).toContain('Check the user, the password and its ACL')
      },
      { args: ['--requirepass', 'right'] },
    )
  })
})
