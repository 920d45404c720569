import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allCommands } from '../../cli/commands/index.ts'
import { createProgram } from '../../cli/program.ts'
import { MAIN, scene } from './cli.ts'

const commands = await allCommands()

/** Says on stderr which modules a program loads. */
const HOOK = 'import{writeSync}from"node:fs";export const load=(url,c,next)=>(writeSync(2,"LOADED "+url+"\\n"),next(url,c))'
const data = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`
const WATCHER = data(`import{register}from"node:module";register(${JSON.stringify(data(HOOK))})`)

describe('rqts', () => {
  it('--help lists every command, by group, and the exit codes', async () => {
    const { code, stdout } = await (await scene()).run('--help')
    expect(code).toBe(0)
    const text = stdout.replace(/\s+/g, ' ')
    const escape = (line: string): string => line.replace(/[.*+?()[\]]/g, '\\$&')
    for (const { name, summary } of commands) expect(text).toMatch(new RegExp(` ${name}( [<[][^ ]+)* ${escape(summary)}`))
    for (const group of ['Run:', 'See:', 'Change:', 'Set up:']) expect(stdout).toContain(`\n${group}\n`)
    expect(stdout).toContain('Exit codes: 0 ok, 1 failed, 2 usage, 3 Redis unreachable, 4 not found, 5 refused, 130 aborted')
    expect(stdout).toContain('RQTS_REDIS_URL')
  })

  it.each(commands.map(({ name }) => name))('%s --help shows each flag with its variable and default, and examples', (name) => {
    const spec = commands.find((one) => one.name === name)!
    // In this process: the same text, and two dozen starts of Node saved.
    const command = createProgram(commands, async () => undefined).commands.find((one) => one.name() === name)!
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
    const text = help.replace(/\s+/g, ' ')
    for (const flag of spec.flags) {
      expect(text).toContain(flag.flags)
      expect(text).toContain(`[${flag.variable}]`)
      if (flag.defaultValue !== undefined && !flag.isSwitch) expect(text).toContain(`[default: ${String(flag.defaultValue)}]`)
    }
    expect(text).toContain('Global options: ')
    for (const [line] of spec.examples) expect(help).toContain(`  ${line}`)
  })

  it('a command has help as the program has', async () => {
    const s = await scene()
    const { code, stdout } = await s.run('info', '--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: rqts info [options] [queues...]')
    expect(await s.run('help', 'info')).toMatchObject({ code: 0, stdout })
  })

  it('--version prints the version', async () => {
    const { code, stdout } = await (await scene()).run('--version')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    [['wroker'], "unknown command 'wroker'; did you mean worker?"],
    [['info', '--jsn'], "unknown option '--jsn'; did you mean --json?"],
    [['job'], "missing required argument 'id'"],
    [['worker', '-c', 'many'], "option '-c, --concurrency <n>' argument 'many' is invalid. a whole number from 1 to 1000 is expected"],
    [['jobs', '-s', 'ready'], 'Allowed choices are queued, started'],
    [['info', '-w', 'x'], "--watch takes seconds from 0.1 to 86400, not 'x'"],
    [['info', '-w', '--json'], '--json gives one value and --watch many'],
    [['requeue'], 'Say which jobs: rqts requeue ID…, or rqts requeue --all'],
    [['requeue', '--all', 'x'], 'Give ids or --all, not both'],
    [['empty'], 'Say which queues'],
    [['redis', 'jump'], 'rqts redis start|stop|status'],
    [['completion', 'tcsh'], 'Completion is for bash, zsh, fish'],
    [['enqueue', 'add', ':{'], 'this is not JSON'],
    [['enqueue', 'add', '@missing.txt'], 'The file missing.txt cannot be read'],
    [['enqueue', 'add', '--at', 'soon'], '--at takes a date such as 2027-01-31T09:00Z'],
    [['enqueue', 'add', '--in', '1m', '--at', '2027-01-31'], 'Give --in or --at, not both'],
    [['enqueue', 'add{', ':1'], 'A task name must be'],
    [['enqueue', 'add', '--timeout', 'soon'], 'timeout must be a duration'],
    [['job', 'a b'], 'A job id must be'],
  ])('%j is a mistake in usage: exit 2', async (args, message) => {
    const { code, stdout, stderr } = await (await scene()).run(...args)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^error: /)
    if (!args.includes('--json')) expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('says what went wrong as JSON too, and logs it as JSON on request', async () => {
    const { code, stdout, stderr } = await (await scene()).run('wroker', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({ error: { code: 'RQTS_USAGE', message: "unknown command 'wroker'; did you mean worker?" } })
    expect(stderr).toContain('error: unknown command')
    const logged = await (await scene()).run('job', 'nope', '--log-format', 'json')
    expect(JSON.parse(logged.stderr)).toMatchObject({ level: 'error', code: 'RQTS_NOT_FOUND' })
  })

  it('without a command shows help on stderr and exits 2', async () => {
    const { code, stdout, stderr } = await (await scene()).run()
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Usage: rqts <command>')
  })

  it('ends quietly when the reader of a pipe goes away', async () => {
    const started = (await scene()).start('--help')
    started.child.stdout!.destroy()
    const { stderr } = await started.exited
    expect(stderr).toBe('')
  })

  it.each(['18.20.4', '20.18.3', '4.9.1'])('on Node %s says which one it needs', async (version) => {
    const s = await scene()
    s.env['NODE_OPTIONS'] = `--import ${data(`Object.defineProperty(process.versions,"node",{value:"${version}"})`)}`
    const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { engines: { node: string } }
    expect(await s.run('--version')).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: rqts needs Node ${engines.node.replace('>=', '')} or newer, and this is Node ${version}\n`,
    })
  })

  it('has an entry that an old Node can read', () => {
    const entry = readFileSync(MAIN, 'utf8')
    expect(entry).not.toMatch(/^import |^\s*await |\?\.|\?\?/m)
    expect(entry).toContain("import('./start.js')")
  })

  it('loads for a command what it needs, and nothing else', async () => {
    const s = await scene()
    const of = async (...args: string[]): Promise<string[]> => {
      const { stderr } = await s.start(...args).exited
      return [...stderr.matchAll(/^LOADED .*?\/(dist|node_modules)\/(.*)$/gm)].map(([, where, path]) => `${where}/${path}`)
    }
    s.env['NODE_OPTIONS'] = `--import ${WATCHER}`
    const version = await of('--version')
    expect(version).toContain('dist/lib/version.js')
    expect(version.filter((path) => /^dist\/lib\/.*\/|\/commands\/(?!index)|ioredis/.test(path))).toEqual([])
    const info = await of('info')
    expect(info).toContain('node_modules/ioredis/built/index.js')
    expect(info.filter((path) => /\/commands\/(?!index|info)/.test(path))).toEqual([])
    expect(info.filter((path) => /superjson|croner|jiti|hono|suncalc/.test(path))).toEqual([])
    expect(info.filter((path) => /\/lib\/(worker|payload|service|task\/(?!nearest)|client\/(queue|inspector))/.test(path))).toEqual([])
  })

  it('starts fast: 300 ms of processor time at most, whatever else this machine does', async () => {
    const s = await scene()
    const best = (script: string[]): number => Math.min(...Array.from({ length: 3 }, () => s.processorMs(script)))
    expect(best([MAIN, '--help']) - best(['-e', '0'])).toBeLessThan(300)
  })
})
