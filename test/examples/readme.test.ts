import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { withPrivateRedis } from '../support/redis.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(command: string[], env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, command, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let text = ''
  child.stdout!.on('data', (chunk) => (text += String(chunk)))
  child.stderr!.on('data', (chunk) => (text += String(chunk)))
  return { child, output: () => text }
}

it.each([
  ['examples/quickstart/app.ts', 'default', 'examples/quickstart/tasks.ts', ['add(2, 3) = 5', 'Hello, Ada!', '2027-02-01']],
  ['examples/readme/producer.ts', 'images', 'examples/readme/tasks.ts', ['640 finished']],
])(
  '%s runs as printed, against a worker of the command line',
  async (program, queue, tasks, expected) => {
    await withPrivateRedis(async ({ url }) => {
      const env = { RQTS_REDIS_URL: url }
      start(['dist/cli/main.js', 'worker', queue, '--tasks', tasks], env)
      const { child, output } = start(['node_modules/jiti/lib/jiti-cli.mjs', program], env)
      const [code] = (await once(child, 'exit')) as [number]
      expect(output()).toEqual(expect.stringContaining(expected[0]!))
      for (const text of expected) expect(output()).toContain(text)
      expect(code).toBe(0)
    })
  },
  60_000,
)
