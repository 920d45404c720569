import { describe, expect, it, onTestFinished } from 'vitest'
import type { Worker } from '../../lib/index.ts'
import type { Logger } from '../../lib/logger.ts'
import { silentLogger } from '../../lib/logger.ts'
import { type Stage, stage, until } from '../support/stage.ts'

function block(ms: number): string {
  const end = performance.now() + ms
  while (performance.now() < end);
  return 'unblocked'
}

interface Told {
  ms: number
  task?: string
  id?: string
  at?: string
}

interface Watched {
  worker: Worker
  done: Promise<unknown>
  warnings: { fields: Record<string, unknown>; message: string }[]
  /** Blocks the loop for so long, and then tells whether the thread has told who did. */
  told(ms: number): Promise<Told | undefined>
}

async function watched(s: Stage, lease: number): Promise<Watched> {
  const warnings: Watched['warnings'] = []
  const logger: Logger = {
    ...silentLogger,
    warn: (fields, message) => void warnings.push({ fields: fields as Record<string, unknown>, message }),
  }
  const worker = s.worker('default', { tasks: [block], lease, logger })
  const blocked: Told[] = []
  worker.on('blocked', (told) => blocked.push(told))
  const done = worker.run()
  await until('the thread is up', () => worker.watched)
  return {
    worker,
    done,
    warnings,
    async told(ms) {
      const job = await s.queue().enqueue(block, [ms])
      expect(await job.result({ timeout: '60s' })).toBe('unblocked')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect((await job.refresh()).attempt).toBe(1)
      return blocked.find((one) => one.task === 'block' && one.ms > 2_000 && one.at?.includes('block') === true)
    },
  }
}

/** A thread that is itself kept waiting by a busy machine says nothing, as it cannot know; then it is asked again. */
const TRIES_MS = 60_000

describe('the watchdog', () => {
  it('keeps the lease while a handler blocks the event loop beyond it, and says who blocked for how long', async () => {
    const { worker, done, warnings, told } = await watched(await stage(), 900)
    let seen: Told | undefined
    await until('it has told', async () => (seen = await told(3_500)) !== undefined, TRIES_MS)
    expect(seen).toMatchObject({ id: expect.any(String) as string })
    const said = warnings.filter(({ fields }) => fields['code'] === 'RQTS_EVENT_LOOP_BLOCKED').map(({ fields }) => fields)
    expect(said).toContainEqual(expect.objectContaining({ task: 'block' }))
    await worker.stop()
    await done
  })

  it('goes on after a look that took longer than it waits for one, as on a busy machine', async () => {
    const { worker, done, warnings, told } = await watched(await stage(), 30_000)
    const key = Symbol.for('rqts.currentJob')
    const holder = globalThis as unknown as Record<symbol, { getStore(): unknown }>
    const known = holder[key]!
    const restore = (): void => {
      holder[key] = known
    }
    onTestFinished(restore)
    let looks = 0
    holder[key] = {
      getStore: () => {
        looks++
        block(1_000)
        return known.getStore()
      },
    }
    await until('it has looked', async () => (await told(2_500), looks > 0), TRIES_MS)
    restore()
    await until('it tells all the same', async () => (await told(2_500)) !== undefined, TRIES_MS)
    expect(warnings.map(({ message }) => message)).not.toContainEqual(expect.stringContaining('thread has ended'))
    await worker.stop()
    await done
  })
})
