import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { testPrefix } from './redis.ts'

const ENTRY = new URL('../../dist/lib/index.js', import.meta.url).href
const PATIENCE_MS = 60_000

/** A process that enqueues a job, waits a moment for connections that open later, and has nothing more to do. How it ended. */
export async function idleProducer(url: string): Promise<string> {
  const script = `
    import { Queue } from '${ENTRY}'
    const queue = new Queue('idle', { connection: ${JSON.stringify(url)}, prefix: '${testPrefix()}' })
    await queue.enqueue('nothing', [])
    await new Promise((resolve) => setTimeout(resolve, 300))
    await queue.counts()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'inherit', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(timer)
  return code === null ? `killed by ${signal}` : `exit ${code}`
}
