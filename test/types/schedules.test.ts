import { describe, expectTypeOf, test } from 'vitest'
import {
  type Job,
  type Schedule,
  type ScheduleDetail,
  type ScheduleOptions,
  Schedules,
  type SyncReport,
  schedule,
  task,
} from '../../lib/index.ts'

const add = task('types.add', (a: number, b: number) => a + b)
const tick = (): number => 1
const greet = (name: string, loud = false): string => name + String(loud)

// Never called: only their types count.
void [calls, wrongArguments, wrongOptions, lists]

function calls(): void {
  expectTypeOf(schedule('a', add, [1, 2], { every: '1h' })).toEqualTypeOf<Promise<Schedule>>()
  void schedule('b', tick, [], { cron: '0 8 * * *', tz: 'Europe/Berlin', overlap: 'skip', misfire: 'all', jitter: '5s', graceTime: 1_000 })
  void schedule('c', greet, ['you'], { sun: { event: 'sunrise', lat: 52, lng: 13 } })
  void schedule('d', greet, ['you', true], { at: new Date(), options: { timeout: '5m', retry: 3, unique: true } }, { prefix: 'x' })
  void schedule('e', greet, ['you'], {
    next: (after) => new Date(after.getTime() + 1),
    limit: 3,
    startAt: 0,
    endAt: new Date(),
    paused: true,
  })
  void schedule('f', 'by.name', [1, 'anything'], { every: 1_000 })
  void schedule<typeof add>('g', 'types.add', [1, 2], { every: 1_000 })
}

function wrongArguments(): void {
  // @ts-expect-error: the second argument is missing
  void schedule('a', add, [1], { every: '1h' })
  // @ts-expect-error: not a number
  void schedule('a', add, [1, '2'], { every: '1h' })
  // @ts-expect-error: too many
  void schedule('a', tick, [1], { every: '1h' })
  // @ts-expect-error: the name says which task, the type says its arguments
  void schedule<typeof add>('g', 'types.add', ['1', 2], { every: 1_000 })
}

function wrongOptions(): void {
  // @ts-expect-error: when?
  void schedule('a', tick, [], { overlap: 'skip' })
  // @ts-expect-error: one of them
  void schedule('a', tick, [], { every: '1h', cron: '* * * * *' })
  // @ts-expect-error: no such event
  void schedule('a', tick, [], { sun: { event: 'teatime', lat: 0, lng: 0 } })
  // @ts-expect-error: no such policy
  void schedule('a', tick, [], { every: '1h', misfire: 'twice' })
  // @ts-expect-error: the schedule makes the ids
  void schedule('a', tick, [], { every: '1h', options: { jobId: 'x' } })
  // @ts-expect-error: a function returns a time
  void schedule('a', tick, [], { next: () => 'tomorrow' })
}

function lists(): void {
  expectTypeOf(
    Schedules.sync(
      [
        ['a', add, [1, 2], { every: '1h' }],
        ['b', greet, ['you'], { cron: '@daily' }],
      ],
      { prune: true },
    ),
  ).toEqualTypeOf<Promise<SyncReport>>()
  void Schedules.sync([
    ['a', add, [1, 2], { every: '1h' }],
    // @ts-expect-error: each entry is checked against its own task
    ['b', greet, [2], { cron: '@daily' }],
  ])
  expectTypeOf(Schedules.list()).toEqualTypeOf<Promise<Schedule[]>>()
  expectTypeOf(Schedules.get('a')).toEqualTypeOf<Promise<ScheduleDetail | null>>()
  expectTypeOf(Schedules.runNow('a')).toEqualTypeOf<Promise<Job>>()
  expectTypeOf(Schedules.next('a', 3)).toEqualTypeOf<Promise<Date[]>>()
}

describe('schedules', () => {
  test('options are one of five', () => {
    expectTypeOf<{ every: string }>().toExtend<ScheduleOptions>()
    expectTypeOf<{ every: string; at: number }>().not.toExtend<ScheduleOptions>()
    expectTypeOf<object>().not.toExtend<ScheduleOptions>()
  })
})
