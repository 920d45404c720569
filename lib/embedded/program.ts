import { run, which } from './run.ts'

/** A server program that can be started here, Redis or Valkey. */
export interface RedisProgram {
  command: string
  /** Set for one that was unpacked into the cache and finds its libraries there. */
  env: Record<string, string>
}

/** The oldest server whose commands the scripts may use. */
const OLDEST = [6, 2] as const

export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

export function tooOld(what: string, version: string): string {
  return `${what} is version ${version}, and ${OLDEST.join('.')} or later is needed`
}

/** Undefined when the program does not run. */
export async function programVersion(program: RedisProgram): Promise<string | undefined> {
  const { stdout } = await run(program.command, ['--version'], { env: program.env, timeout: 10_000 })
  return /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1]
}

/** The first usable server on PATH; `reasons` gets why others were passed over. */
export async function programOnPath(reasons: string[] = []): Promise<RedisProgram | undefined> {
  const commands = ['redis-server', 'valkey-server'].map(which).filter((command) => command !== undefined)
  if (commands.length === 0) reasons.push('neither redis-server nor valkey-server is on PATH')
  for (const command of commands) {
    const program = { command, env: {} }
    const version = await programVersion(program)
    if (version !== undefined && isRecent(version)) return program
    reasons.push(version === undefined ? `${command} does not run` : tooOld(command, version))
  }
  return undefined
}
