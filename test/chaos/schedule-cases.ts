import type { NewJob } from '../../lib/store/enqueue.ts'
import { advanceSchedule, noteOutcomes } from '../../lib/store/fires.ts'
import { readSchedules, removeSchedule, tickSchedules, writeSchedule } from '../../lib/store/schedules.ts'
import type { Store } from '../../lib/store/store.ts'
import type { Case } from './script-cases.ts'

const DUE = 1_700_000_000_000
const JOB = JSON.stringify({ fields: ['task', 'work', 'args', '[]'] } satisfies Omit<NewJob, 'id'>)
const FIELDS = { spec: '{}', task: 'work', queue: 'q', job: JOB, anchor: DUE, digest: 'd' }

const revOf = async (store: Store): Promise<string> => (await readSchedules(store, ['s'])).records[0]!.rev

/** A schedule that has long been due. */
const written = async (store: Store): Promise<void> => {
  await writeSchedule(store, 's', { rev: '', next: DUE, paused: false, custom: false, fields: FIELDS })
}

const fired = async (store: Store): Promise<unknown> => {
  const runs = [{ id: 'run', at: DUE, runAt: DUE, verdict: 'fire' }] as const
  return await advanceSchedule(store, { name: 's', rev: await revOf(store), from: DUE, next: DUE + 60_000, runs, counted: 1 })
}

export const SCHEDULES: readonly Case[] = [
  { name: 'schedule: written', script: 'scheduleWrite', call: written },
  {
    name: 'schedule: paused',
    script: 'scheduleWrite',
    given: written,
    call: async (store) => await writeSchedule(store, 's', { rev: await revOf(store), next: null, paused: true, custom: false }),
  },
  {
    name: 'schedule: due',
    script: 'scheduleTick',
    given: written,
    call: async (store) => {
      const { leader, fence, due } = await tickSchedules(store, { ticker: 'a', leadershipMs: 60_000, most: 10, custom: false })
      return [leader, fence, due.map(({ name, next }) => [name, next])]
    },
  },
  { name: 'schedule: fired', script: 'scheduleAdvance', given: written, call: fired },
  {
    name: 'schedule: fired by hand',
    script: 'scheduleAdvance',
    given: written,
    call: (store) => advanceSchedule(store, { name: 's', rev: '', runs: [{ id: 'run', at: DUE, runAt: '', verdict: 'fire' }], counted: 0 }),
  },
  {
    name: 'schedule: a run left out',
    script: 'scheduleAdvance',
    given: written,
    call: async (store) => {
      const runs = [{ id: 'run', at: DUE, runAt: '', verdict: 'skipped' }] as const
      return await advanceSchedule(store, { name: 's', rev: await revOf(store), from: DUE, next: DUE + 60_000, runs, counted: 0 })
    },
  },
  {
    name: 'schedule: the end of a run',
    script: 'scheduleNote',
    given: async (store) => {
      await written(store)
      await fired(store)
    },
    call: (store) => noteOutcomes(store, [{ schedule: 's', id: 'run', outcome: 'finished 1' }]),
  },
  {
    name: 'schedule: removed',
    script: 'scheduleRemove',
    given: async (store) => {
      await written(store)
      await fired(store)
    },
    call: (store) => removeSchedule(store, 's'),
  },
  { name: 'schedule: removed, but there was none', script: 'scheduleRemove', call: (store) => removeSchedule(store, 's') },
]
