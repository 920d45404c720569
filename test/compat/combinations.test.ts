import { describe, expect, it } from 'vitest'
import type { JobOptions } from '../../lib/index.ts'
import { drain } from '../../lib/testing/index.ts'
import { stage } from '../support/stage.ts'

// dependsOn, atFront, delay, unique and retry, each with each: where the job waits first, where once its parent has finished and its
// time has come, how often it runs, and whether its key is free in the end.

type Part = 'dependsOn' | 'atFront' | 'delay' | 'unique' | 'retry'
const PARTS: readonly Part[] = ['dependsOn', 'atFront', 'delay', 'unique', 'retry']
const ALL = Array.from({ length: 2 ** PARTS.length }, (_, bits) => PARTS.filter((_, i) => bits & (1 << i)))

describe('options together', () => {
  it.each(ALL.map((parts) => [parts.join(' + ') || 'none', parts] as const))('%s', async (_, parts) => {
    const s = await stage()
    const queue = s.queue()
    const has = (part: Part): boolean => parts.includes(part)
    const ran: string[] = []
    function note(label: string): void {
      ran.push(label)
      if (label === 'job' && ran.filter((entry) => entry === 'job').length === 1) throw new Error('the first time')
    }
    const run = (): Promise<unknown> => drain('default', { connection: s.url, prefix: s.prefix, tasks: [note], concurrency: 1 })
    const parent = await queue.enqueue(note, ['parent'])
    const options: JobOptions = {
      ...(has('dependsOn') && { dependsOn: parent }),
      ...(has('atFront') && { atFront: true }),
      ...(has('delay') && { delay: '1h' }),
      ...(has('unique') && { unique: { key: 'one' } }),
      ...(has('retry') && { retry: 1 }),
    }
    const job = await queue.enqueue(note, ['job'], options)
    await queue.enqueue(note, ['other'])

    expect(job.status).toBe(has('dependsOn') ? 'deferred' : has('delay') ? 'scheduled' : 'queued')
    const twin = queue.enqueue(note, ['twin'], { unique: { key: 'one' }, delay: '1h' })
    if (has('unique')) await expect(twin).rejects.toMatchObject({ code: 'RQTS_DUPLICATE_JOB', existingId: job.id })
    else await (await twin).cancel()

    if (has('delay')) {
      await run()
      await job.refresh()
      expect([job.status, ran]).toEqual(['scheduled', ['parent', 'other']])
      await queue.enqueue(note, ['later'])
      await job.promote()
    }
    await run()
    await job.refresh()
    const [first] = has('delay') ? ran.slice(2) : ran.filter((label) => label !== 'parent' || !has('dependsOn'))
    const ahead = has('delay') ? 'later' : has('dependsOn') ? 'other' : 'parent'
    expect(first).toBe(has('atFront') ? 'job' : ahead)
    expect([job.status, ran.filter((label) => label === 'job').length]).toEqual(has('retry') ? ['finished', 2] : ['failed', 1])
    expect((await queue.enqueue(note, ['free'], { unique: { key: 'one' } })).status).toBe('queued')
  })
})
