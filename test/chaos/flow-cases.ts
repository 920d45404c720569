import { settle } from '../../lib/store/attempts.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { requeueJob } from '../../lib/store/jobs.ts'
import { deliverOutbox } from '../../lib/store/maintain.ts'
import type { Store } from '../../lib/store/store.ts'
import { newJob, put, request, take } from './jobs.ts'
import type { Case } from './script-cases.ts'

/** Of a workflow, the first of which has a callback. */
const FIRST = {
  id: 'p',
  control: {},
  fields: { flags: 'gdmrc', next: '["c","r/e"]', on_success: '{"args":"[]","fields":["task","work","flags","m"]}' },
}
const STEP = { id: 'c', control: { parents: ['p'] }, fields: { parents: '["p"]', flags: 'gmi', takes: '1' } }
const ELSEWHERE = { id: 'e', control: { parents: ['q/p'] }, fields: { parents: '["q/p"]', flags: 'gmi', takes: '1' } }

const flow = async (store: Store): Promise<void> => {
  await put(store, 'r', ELSEWHERE)
  await put(store, 'q', { ...FIRST, control: { children: ['r/e'] } })
  await put(store, 'q', STEP)
}

/** The first step ends, and all hear of it. */
const first =
  (end: 'ok' | 'fail', heard: boolean) =>
  async (store: Store): Promise<void> => {
    await flow(store)
    await take(store, { token: 'first', worker: 'w1' })
    const outcome = end === 'ok' ? ({ kind: 'ok', result: '1' } as const) : ({ kind: 'fail', reason: 'error', error: '{}' } as const)
    await settle(store, request({ token: 'end', want: 0 }), [{ queue: 'q', id: 'p', token: 'first', ...outcome }])
    if (heard) await deliverOutbox(store, 'q')
  }

/** Its children have been canceled; they hear of it in the same call. */
const again = (script: Case['script']): Case => ({
  name: `workflow: a failed step is requeued (${script})`,
  script,
  given: first('fail', true),
  call: (store) => requeueJob(store, { queue: 'q', id: 'p' }, 'requeue', false),
})

export const FLOWS: readonly Case[] = [
  {
    name: 'workflow: written, with the sign that all is there',
    script: 'enqueue',
    given: (store) => put(store, 'r', { ...ELSEWHERE, control: { parents: ['q/p', 'q/gate'] } }),
    call: async (store) => {
      const jobs = [newJob(FIRST), newJob({ ...STEP, control: { ...STEP.control, opens: { id: 'gate', children: ['r/e'] } } })]
      const nonced = jobs.map((job) => ({ ...job, control: { ...job.control, nonce: 'n' }, fields: [...job.fields, 'nonce', 'n'] }))
      return (await enqueueJobs(store, 'q', nonced, true)).outcomes
    },
  },
  {
    name: 'workflow: a step has finished (here)',
    script: 'resolve',
    given: first('ok', false),
    call: (store) => deliverOutbox(store, 'q'),
  },
  {
    name: 'workflow: a step has finished (elsewhere)',
    script: 'deliver',
    given: first('ok', false),
    call: (store) => deliverOutbox(store, 'q'),
  },
  { name: 'workflow: its callback', script: 'enqueue', given: first('ok', false), call: (store) => deliverOutbox(store, 'q') },
  { name: 'workflow: a step has failed', script: 'resolve', given: first('fail', false), call: (store) => deliverOutbox(store, 'q') },
  again('requeue'),
  again('resolve'),
  again('deliver'),
]
