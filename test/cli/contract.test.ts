import type { Command } from 'commander'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { allCommands } from '../../cli/commands/index.ts'
import { settle } from '../../cli/config.ts'
import type { Flag } from '../../cli/flags.ts'
import { createProgram, run } from '../../cli/program.ts'
import { hasPty, scene, TASKS } from './cli.ts'

const commands = await allCommands()

/** In this process: hundreds of starts of Node saved. */
async function settled(argv: readonly string[]): Promise<Record<string, unknown>> {
  let options: Record<string, unknown> | undefined
  const program = createProgram(commands, async (_, command) => {
    options = (await settle(program, command)).options
  })
  await program.parseAsync(argv, { from: 'user' })
  return options!
}

function withArguments(command: Command): string[] {
  return [command.name(), ...command.registeredArguments.flatMap((one) => (one.required ? ['x'] : []))]
}

const built = createProgram(commands, async () => undefined).commands.filter((command) =>
  commands.some(({ name }) => name === command.name()),
)
const flags = built.flatMap((command) => {
  // Every one that help shows; of commands that do without a config file, `config` is none.
  const all = command.options.filter((option): option is Flag => 'variable' in option)
  return all.map((flag) => [command.name(), flag.variable, flag, withArguments(command)] as const)
})

/** One that each kind of flag takes. */
function someText(flag: Flag): string {
  if (flag.argChoices !== undefined) return flag.argChoices.at(-1)!
  for (const text of ['7', '700', 'a=7', 'seven']) {
    try {
      flag.read(text, '')
      return text
    } catch {
      // Another kind.
    }
  }
  throw new Error(`no text for ${flag.flags}`)
}

function badText(flag: Flag): string | undefined {
  for (const text of ['certainly not', '-']) {
    try {
      flag.read(text, '')
    } catch {
      return text
    }
  }
  return undefined
}

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('variables', () => {
  it('are shown for flags of every command', () => {
    expect(new Set(flags.map(([command]) => command)).size).toBe(commands.length)
    expect(flags.length).toBeGreaterThan(300)
  })

  it.each(flags.filter(([, variable]) => variable !== 'RQTS_CONFIG'))(
    'rqts %s takes %s as it takes the flag',
    async (_, variable, flag, argv) => {
      const name = flag.attributeName()
      const text = flag.isSwitch ? '1' : someText(flag)
      const given = flag.isSwitch ? [flag.long!] : [`${flag.long!}=${text}`]
      vi.stubEnv(variable, '')
      const byFlag = (await settled([...argv, ...given]))[name]
      vi.stubEnv(variable, text)
      expect((await settled(argv))[name]).toEqual(byFlag)
      vi.stubEnv(variable, flag.isSwitch ? '0' : 'certainly not')
      // The flag goes before the variable, which then is not even read.
      expect((await settled([...argv, ...given]))[name]).toEqual(byFlag)
    },
  )

  it.each(flags.filter(([, , flag]) => badText(flag) !== undefined))(
    'rqts %s refuses a bad %s, and names it: exit 2',
    async (_, variable, flag, argv) => {
      let said = ''
      vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
        said += String(text)
        return true
      })
      vi.stubEnv(variable, badText(flag)!)
      expect(await run(argv)).toBe(2)
      expect(said).toMatch(new RegExp(`^error: ${variable} is invalid: `))
    },
  )

  it('a config file says false where the flag says no', async () => {
    const s = await scene({ 'no.json': '{ "worker": { "scheduler": false } }', 'yes.json': '{ "worker": { "scheduler": true } }' })
    expect(await settled(['worker', '--config', `${s.dir}/no.json`])).toMatchObject({ scheduler: false })
    expect(await settled(['worker', '--config', `${s.dir}/yes.json`])).toMatchObject({ scheduler: true })
    expect(await settled(['worker', '--config', `${s.dir}/yes.json`, '--no-scheduler'])).toMatchObject({ scheduler: false })
  })

  it.each([
    ['RQTS_TIMEOUT', 'soon', ['enqueue', 'add']],
    ['RQTS_IN', 'soon', ['enqueue', 'add']],
    ['RQTS_AT', 'soon', ['enqueue', 'add']],
    ['RQTS_META', 'soon', ['enqueue', 'add']],
    ['RQTS_SINCE', 'soon', ['jobs']],
    ['RQTS_WATCH', 'soon', ['info']],
    ['RQTS_LEASE', 'soon', ['worker', '--burst']],
    ['RQTS_MAX_IDLE', 'soon', ['worker', '--burst']],
    ['RQTS_SHUTDOWN_TIMEOUT', 'soon', ['worker', '--burst']],
    ['RQTS_PAUSE_FOR', 'soon', ['pause', 'default']],
    ['RQTS_LIMIT_RATE', 'soon', ['limits', 'default']],
  ])('%s=%s is refused later, and is named all the same', async (variable, text, argv) => {
    const s = await scene({ 'tasks.mjs': TASKS })
    s.env[variable] = text
    const { code, stderr } = await s.run(...argv)
    expect(stderr).toContain(variable)
    expect(code).toBe(2)
  })
})

describe('exit codes', () => {
  it.each([
    [0, ['info']],
    [1, ['enqueue', 'boom', '--wait']],
    [2, ['info', '--frobnicate']],
    [3, ['info', '-u', 'redis://127.0.0.1:1']],
    [4, ['job', 'nobody']],
    [5, ['empty', '--all']],
  ])('%i: %j', async (code, argv) => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('add', [1, 2])
    if (code === 1) await s.start('worker').seen(/"ready"/)
    expect((await s.run(...argv)).code).toBe(code)
  })

  it('130: interrupted', async () => {
    const waiting = (await scene()).start('enqueue', 'add', '--wait', '--verbose')
    await waiting.seen(/\w{26}/)
    waiting.signal('SIGINT')
    expect((await waiting.exited).code).toBe(130)
  })

  it.runIf(hasPty)('130: Ctrl-C at a question', async () => {
    const s = await scene()
    await s.queue().enqueue('add', [1, 2])
    const asked = s.terminal('empty', '--all')
    await asked.seen(/\[y\/N\]/)
    asked.type('\u0003')
    expect((await asked.exited).code).toBe(130)
  })
})
