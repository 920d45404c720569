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
    const job = await s.queue().enqueue(block, [3_500])
    expect(await job.result({ timeout: '15s' })).toBe('unblocked')
    await until('it has told', () => blocked.length > 0)
    expect(blocked[0]).toMatchObject({ task: 'block', id: job.id, at: expect.stringContaining('block') as string })
    expect(blocked[0]!.ms).toBeGreaterThan(2_500)
    expect(warnings.find(({ fields }) => fields['code'] === 'RQTS_EVENT_LOOP_BLOCKED')?.fields).toMatchObject({ task: 'block' })
    await job.refresh()
    expect(job.attempt).toBe(1)
    await worker.stop()
    await done
  })
})
