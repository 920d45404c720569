import { describe, expect, it } from 'vitest'
import type { Logger } from '../../lib/logger.ts'
import { silentLogger } from '../../lib/logger.ts'
import { stage, until } from '../support/stage.ts'

function block(ms: number): string {
  const end = performance.now() + ms
  while (performance.now() < end);
  return 'unblocked'
}

describe('the watchdog', () => {
  it('keeps the lease while a handler blocks the event loop beyond it, and says who blocked for how long', async () => {
    const s = await stage()
    const warnings: { fields: Record<string, unknown>; message: string }[] = []
    const logger: Logger = {
      ...silentLogger,
      warn: (fields, message) => void warnings.push({ fields: fields as Record<string, unknown>, message }),
    }
    const worker = s.worker('default', { tasks: [block], lease: 900, logger })
    const blocked: { ms: number; task?: string; id?: string; at?: string }[] = []
    worker.on('blocked', (told) => blocked.push(told))
    const done = worker.run()
    await until('the thread is up', () => worker.watched)
    // A thread that is itself kept waiting by a busy machine says nothing, as it cannot know; then it is asked again.
    const seen = (): (typeof blocked)[number] | undefined => blocked.find(({ task, ms }) => task === 'block' && ms > 2_000)
    await until(
      'it has told',
      async () => {
        const job = await s.queue().enqueue(block, [3_500])
        expect(await job.result({ timeout: '60s' })).toBe('unblocked')
        await new Promise((resolve) => setTimeout(resolve, 300))
        expect((await job.refresh()).attempt).toBe(1)
        return seen() !== undefined
      },
      60_000,
    )
    expect(seen()).toMatchObject({ id: expect.any(String) as string, at: expect.stringContaining('block') as string })
    const told = warnings.filter(({ fields }) => fields['code'] === 'RQTS_EVENT_LOOP_BLOCKED').map(({ fields }) => fields)
    expect(told).toContainEqual(expect.objectContaining({ task: 'block' }))
    await worker.stop()
    await done
  })
})
