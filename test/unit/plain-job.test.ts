import { expect, it } from 'vitest'
import { type Draft, draftJob, orPlain, toNewJob } from '../../lib/client/draft.ts'
import { type JobOptions, normalizeOptions } from '../../lib/job/options.ts'
import { argsOf, enqueueJobs, taskOf } from '../../lib/store/enqueue.ts'
import type { Store } from '../../lib/store/store.ts'

/** What goes to the script for one call with those options. */
async function sent(options: JobOptions): Promise<unknown[]> {
  const draft = (await draftJob('q', 'work', { name: 'work' } as Draft['task'], [1], orPlain(normalizeOptions(options)))) as Draft
  const job = { ...toNewJob(draft), id: 'a' }
  expect([taskOf(job), argsOf(job)]).toEqual(['work', draft.argsText])
  let args: unknown[] = []
  const store = {
    run: async (_script: string, _queue: string, given: unknown[]) => {
      args = given
      return [0, 0]
    },
  }
  await enqueueJobs(store as unknown as Store, 'q', [job], false)
  return args
}

it('a job that asks for nothing travels as two values, its task and timeout being said once for all that share them', async () => {
  expect(await sent({})).toEqual(['q', 'p', 1, '', 'work', '180000', 1, 'a', '[1]'])
  expect(await sent({ timeout: 5_000 })).toEqual(['q', 'p', 1, '', 'work', '5000', 1, 'a', '[1]'])
})

it.each<[string, JobOptions]>([
  ['an option that is a field', { description: 'x' }],
  ['an option that the script looks at', { delay: 5_000 }],
])('%s makes it travel with names', async (_, options) => {
  expect((await sent(options)).slice(1, 6)).toEqual(['0', 1, expect.stringMatching(/^(\+|\{.*\})$/), 'a', expect.any(Number)])
})
