import { expectTypeOf, test } from 'vitest'
import { type Job, Job as JobClass, type JobContext, type JobOptions, Queue, type Settled, task, tasks } from '../../lib/index.ts'

const add = task('add', (a: number, b: number) => a + b)
const greet = task({ name: 'greet', queue: 'mail' }, async (name: string, times?: number) => `${name} ${times}`)
async function plain(id: string): Promise<{ id: string; tags: string[] }> {
  return { id, tags: [] }
}
function noArgs(): Date {
  return new Date()
}
const remote = tasks<{ resize: (path: string, width: number) => Promise<boolean> }>()

// Compiled, never run: what does not compile is marked, and tsc says when a mark is wrong.
async function calls(queue: Queue): Promise<void> {
  // Results come from the functions.
  expectTypeOf(await queue.enqueue(add, [1, 2])).toEqualTypeOf<Job<number>>()
  expectTypeOf(await queue.enqueue(greet, ['ann'])).toEqualTypeOf<Job<string>>()
  expectTypeOf(await queue.enqueue(greet, ['ann', 2], { delay: '1m' })).toEqualTypeOf<Job<string>>()
  expectTypeOf(await queue.enqueue(plain, ['x'])).toEqualTypeOf<Job<{ id: string; tags: string[] }>>()
  expectTypeOf(await queue.enqueue(remote.resize, ['a.png', 100])).toEqualTypeOf<Job<boolean>>()
  expectTypeOf(await queue.enqueueIn('1m', add, [1, 2])).toEqualTypeOf<Job<number>>()
  expectTypeOf(await queue.enqueueAt(new Date(), plain, ['x'], { atFront: true })).toEqualTypeOf<Job<{ id: string; tags: string[] }>>()

  // A function without parameters needs no list.
  expectTypeOf(await queue.enqueue(noArgs)).toEqualTypeOf<Job<Date>>()
  expectTypeOf(await queue.enqueue(noArgs, [])).toEqualTypeOf<Job<Date>>()
  expectTypeOf(await queue.enqueue(noArgs, [], { jobId: 'x' })).toEqualTypeOf<Job<Date>>()
  await queue.enqueue(add, [1, 2] as const)

  // By name: typed when the type is said, unknown when not, never any.
  expectTypeOf(await queue.enqueue<typeof add>('add', [1, 2])).toEqualTypeOf<Job<number>>()
  expectTypeOf(await queue.enqueue<typeof plain>('plain', ['x'])).toEqualTypeOf<Job<{ id: string; tags: string[] }>>()
  expectTypeOf(await queue.enqueue('add', [1, 'whatever'])).toEqualTypeOf<Job<unknown>>()
  expectTypeOf(await queue.enqueue('add')).toEqualTypeOf<Job<unknown>>()

  // @ts-expect-error wrong type
  await queue.enqueue(add, ['1', 2])
  // @ts-expect-error too few
  await queue.enqueue(add, [1])
  // @ts-expect-error too many
  await queue.enqueue(add, [1, 2, 3])
  // @ts-expect-error none at all
  await queue.enqueue(add)
  // @ts-expect-error arguments are a list
  await queue.enqueue(plain, 'x')
  // @ts-expect-error takes none
  await queue.enqueue(noArgs, [1])
  // @ts-expect-error wrong type, by name
  await queue.enqueue<typeof add>('add', ['1', 2])
  // @ts-expect-error wrong type, by reference
  await queue.enqueue(remote.resize, [100, 'a.png'])
  // @ts-expect-error not a task of that module
  await queue.enqueue(remote.rotate, ['a.png'])
  // @ts-expect-error not a task at all
  await queue.enqueue(7, [])
  // @ts-expect-error wrong type, later
  await queue.enqueueIn('1m', add, ['1', 2])
}

async function options(queue: Queue): Promise<void> {
  const job = await queue.enqueue(add, [1, 2])
  await queue.enqueue(add, [1, 2], {
    jobId: 'x',
    description: 'sum',
    timeout: Number.POSITIVE_INFINITY,
    resultTtl: 0,
    failureTtl: '1d',
    ttl: '1h',
    delay: '10s',
    dependsOn: { jobs: [job, 'other'], allowFailure: true, atFront: true },
    atFront: true,
    meta: { user: 1 },
    retry: { max: 3, delays: ['1s', 500], jitter: 0.5 },
    unique: { key: 'k', mode: 'return' },
    ifExists: 'return',
    tags: ['a'],
  })
  await queue.enqueue(add, [1, 2], { dependsOn: job })
  await queue.enqueue(add, [1, 2], { dependsOn: [job, 'id', { id: 'x', queue: 'other' }] })
  // @ts-expect-error unknown option
  await queue.enqueue(add, [1, 2], { timout: '10s' })
  // @ts-expect-error wrong value
  await queue.enqueue(add, [1, 2], { ifExists: 'ignore' })
  // @ts-expect-error a function cannot be stored with a job
  await queue.enqueue(add, [1, 2], { retry: { max: 1, backoff: (n: number) => n } })
  // @ts-expect-error enqueueIn says when
  await queue.enqueueIn('1m', add, [1, 2], { delay: '2m' })
  // @ts-expect-error unknown option of a queue
  new Queue('x', { connecton: 'redis://127.0.0.1' })
  // @ts-expect-error unknown option among the defaults
  new Queue('x', { defaults: { timout: 1 } })
  // @ts-expect-error no such registry
  queue.registry('queued')
}

async function many(queue: Queue): Promise<void> {
  const jobs = await queue.enqueueMany([[add, [1, 2]], [greet, ['ann'], { delay: '1m' }], [plain, ['x']], [noArgs], ['named', [1, 'x']]])
  expectTypeOf(jobs).toEqualTypeOf<[Job<number>, Job<string>, Job<{ id: string; tags: string[] }>, Job<Date>, Job<unknown>]>()
  const same = await queue.enqueueMany([1, 2, 3].map((n) => [add, [n, n]] as const))
  expectTypeOf(same).toEqualTypeOf<Job<number>[]>()
  expectTypeOf(await queue.enqueueMany([])).toEqualTypeOf<[]>()
  await queue.enqueueMany([
    [add, [1, 2]],
    // @ts-expect-error wrong type in the second
    [add, ['1', 2]],
  ])
  await queue.enqueueMany([
    // @ts-expect-error too few in the first
    [add, [1]],
    [plain, ['x']],
  ])
  // @ts-expect-error unknown option
  await queue.enqueueMany([[add, [1, 2], { timout: 1 }]])
  // @ts-expect-error a mapped list is checked too
  await queue.enqueueMany(['1'].map((n) => [add, [n, n]] as const))
}

async function jobs(job: Job<number>, queue: Queue): Promise<void> {
  expectTypeOf(await job.result({ timeout: '1s', signal: AbortSignal.timeout(1) })).toEqualTypeOf<number>()
  expectTypeOf(job.returnValue).toEqualTypeOf<number | undefined>()
  expectTypeOf(job.args).toEqualTypeOf<readonly unknown[]>()
  expectTypeOf(job.progress).toEqualTypeOf<unknown>()
  expectTypeOf(job.options).toEqualTypeOf<JobOptions>()
  expectTypeOf(job.startedAt).toEqualTypeOf<Date | undefined>()
  expectTypeOf(await job.refresh()).toEqualTypeOf<Job<number>>()
  const settled = await job.settle()
  expectTypeOf(settled).toEqualTypeOf<Settled<number>>()
  if (settled.status === 'finished') expectTypeOf(settled.value).toEqualTypeOf<number>()
  else expectTypeOf(settled.error).toExtend<Error>()
  for await (const update of job.events()) if (update.type === 'log') expectTypeOf(update.line).toEqualTypeOf<string>()
  expectTypeOf(await JobClass.fetch('x')).toEqualTypeOf<Job<unknown>>()
  expectTypeOf(await JobClass.fetch<typeof add>('x', { queue: 'q' })).toEqualTypeOf<Job<number>>()
  expectTypeOf(await JobClass.fetchMany(['x', 'y'])).toEqualTypeOf<(Job<unknown> | null)[]>()
  expectTypeOf(await queue.fetchJob<typeof plain>('x')).toEqualTypeOf<Job<{ id: string; tags: string[] }> | null>()
  expectTypeOf(job).toExtend<Job<unknown>>()
  // @ts-expect-error a job of another result
  const other: Job<string> = job
  return void other
}

async function delayed(): Promise<void> {
  expectTypeOf(await add.delay(1, 2)).toEqualTypeOf<Job<number>>()
  expectTypeOf(await greet.delay('ann')).toEqualTypeOf<Job<string>>()
  expectTypeOf(add(1, 2)).toEqualTypeOf<number>()
  expectTypeOf(add.taskName).toEqualTypeOf<'add'>()
  // @ts-expect-error wrong type
  await add.delay('1', 2)
  // @ts-expect-error too few
  await greet.delay()
}

function contexts(): void {
  task('context', async function (path: string) {
    expectTypeOf(this).toEqualTypeOf<JobContext>()
    expectTypeOf(this.signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(await this.enqueue(add, [1, 2], { queue: 'other', delay: 5 })).toEqualTypeOf<Job<number>>()
    // @ts-expect-error wrong type
    await this.enqueue(add, [path, 2])
  })
}

test('the types of enqueue, jobs and tasks hold (checked by the compiler)', () => {
  for (const check of [calls, options, many, jobs, delayed, contexts]) expectTypeOf(check).toBeFunction()
})
