// What is measured, in which sizes. A name is what filters match; `core` ones are the whole of a quick run.
import { measureBacklog, measureDependents, measureMiddle, measureScheduled } from './measure/crowd.mjs'
import { measureEnqueue } from './measure/enqueue.mjs'
import { measureIdlePickup, measurePickup } from './measure/latency.mjs'
import { measureHeap, measureIdle, measureMemory } from './measure/memory.mjs'
import { measureProcess, measureTogether } from './measure/process.mjs'
import { measureWaits } from './measure/waits.mjs'

const FULL = {
  runs: 5,
  otherRuns: 3,
  enqueue: { n: 50_000, warmup: 10_000, maxMs: 1_500 },
  process: { n: 60_000, warmup: 10_000, maxMs: 1_500 },
  together: { ms: 1_500, warmupMs: 1_000, most: 1_000 },
  pickup: { ms: 4_000, warmupMs: 1_000 },
  idlePickup: { n: 250, warmup: 30, gapMs: 20 },
  memory: { n: 20_000 },
  idle: { ms: 15_000, settleMs: 5_000 },
  backlog: { n: 10_000, warmup: 3_000, rounds: 5 },
  sizes: [1_000, 1_000_000],
  running: 10_000,
  scheduled: { n: 100_000, leadMs: 10_000 },
  dependents: { n: 10_000 },
  heap: { n: 1_000_000, early: 100_000 },
  middle: { size: 1_000_000, n: 30 },
  waits: { delayed: 100_000, held: 50, samples: 10, cycles: 2_000, everyMs: 0 },
}

const QUICK = {
  runs: 3,
  otherRuns: 3,
  enqueue: { n: 20_000, warmup: 5_000, maxMs: 700 },
  process: { n: 25_000, warmup: 5_000, maxMs: 700 },
  together: { ms: 700, warmupMs: 700, most: 1_000 },
  pickup: { ms: 2_000, warmupMs: 1_000 },
  idlePickup: { n: 100, warmup: 20, gapMs: 10 },
  memory: { n: 10_000 },
  idle: { ms: 10_000, settleMs: 3_000 },
  backlog: { n: 5_000, warmup: 1_000, rounds: 3 },
  sizes: [1_000, 100_000],
  running: 2_000,
  scheduled: { n: 20_000, leadMs: 6_000 },
  dependents: { n: 2_000 },
  heap: { n: 100_000, early: 20_000 },
  middle: { size: 100_000, n: 10 },
  waits: { delayed: 10_000, held: 50, samples: 5, cycles: 500, everyMs: 0 },
}

/** Only to see that everything runs. */
const TINY = {
  runs: 1,
  otherRuns: 1,
  enqueue: { n: 50, warmup: 10, maxMs: 500 },
  process: { n: 3_000, warmup: 100, maxMs: 200 },
  together: { ms: 100, warmupMs: 50, most: 100 },
  pickup: { ms: 100, warmupMs: 50 },
  idlePickup: { n: 3, warmup: 1, gapMs: 5 },
  memory: { n: 50 },
  idle: { ms: 100, settleMs: 50 },
  backlog: { n: 1_000, warmup: 100, rounds: 1 },
  sizes: [100],
  running: 50,
  scheduled: { n: 500, leadMs: 2_000 },
  dependents: { n: 500 },
  heap: { n: 1_000, early: 100 },
  middle: { size: 100, n: 2 },
  waits: { delayed: 100, held: 5, samples: 2, cycles: 20, everyMs: 0 },
}

export const SIZES = { full: FULL, quick: QUICK, tiny: TINY }

/**
 * `needs`: what a library may lack. `only`: the libraries that are measured. `patienceMs`: when a run that goes on is given up. `asked`: no part of a whole run.
 * @returns {{ name: string, group: string, title: string, core?: boolean, asked?: boolean, needs?: string, only?: string[], runs?: number, patienceMs?: number, measure: Function, plan: object }[]}
 */
export function scenariosOf(size) {
  const all = [...enqueueing(size), ...processing(size), ...waiting(size), ...costs(size), ...crowds(size), ...ours(size)]
  return all.map((scenario) => ({ ...scenario, runs: scenario.runs ?? (scenario.core ? size.runs : size.otherRuns) }))
}

function enqueueing(size) {
  const one = (name, title, plan, core = false) => ({
    name: `enqueue/${name}`,
    group: 'enqueue',
    title,
    core,
    measure: measureEnqueue,
    plan: { ...size.enqueue, ...plan },
  })
  const big = { n: Math.ceil(size.enqueue.n / 5), warmup: Math.ceil(size.enqueue.warmup / 5) }
  return [
    one('1', 'one by one', { how: 1 }, true),
    one('100', '100 in flight', { how: 100 }, true),
    one('bulk', 'in bulk, 1,000 a call', { how: 'bulk' }, true),
    one('100/empty', '100 in flight, empty', { how: 100, payload: 'empty' }),
    one('100/10KB', '100 in flight, 10 KB', { how: 100, payload: '10 KB', ...big }),
    one('100/dates', '100 in flight, with Dates', { how: 100, payload: 'Dates' }),
    one('bulk/empty', 'in bulk, empty', { how: 'bulk', payload: 'empty' }),
    one('bulk/10KB', 'in bulk, 10 KB', { how: 'bulk', payload: '10 KB', ...big }),
    one('bulk/dates', 'in bulk, with Dates', { how: 'bulk', payload: 'Dates' }),
    one('1/1ms', 'one by one, 1 ms away', { how: 1, latencyMs: 1 }),
    one('100/1ms', '100 in flight, 1 ms away', { how: 100, latencyMs: 1 }),
    one('bulk/1ms', 'in bulk, 1 ms away', { how: 'bulk', latencyMs: 1 }),
  ]
}

function processing(size) {
  const one = (name, title, plan, { core = false, needs } = {}) => ({
    name: `process/${name}`,
    group: 'process',
    title,
    core,
    needs,
    measure: measureProcess,
    plan: { ...size.process, ...plan },
  })
  const core = { core: true }
  const big = { n: Math.ceil(size.process.n / 4), warmup: Math.ceil(size.process.warmup / 4) }
  return [
    one('c1', 'concurrency 1', { concurrency: 1 }, core),
    one('c10', 'concurrency 10', { concurrency: 10 }, core),
    one('c100', 'concurrency 100', { concurrency: 100 }, core),
    {
      ...one('together', 'concurrency 10, enqueued at the same time', {}, core),
      measure: measureTogether,
      plan: { ...size.together, concurrency: 10 },
    },
    one('c1/1ms', 'concurrency 1, 1 ms away', { concurrency: 1, latencyMs: 1 }),
    one('c10/1ms', 'concurrency 10, 1 ms away', { concurrency: 10, latencyMs: 1 }, core),
    one('c100/1ms', 'concurrency 100, 1 ms away', { concurrency: 100, latencyMs: 1 }),
    one('c10/2p', 'concurrency 10, 2 processes', { concurrency: 10, processes: 2 }),
    one('c10/4p', 'concurrency 10, 4 processes', { concurrency: 10, processes: 4 }),
    one('c100/2p', 'concurrency 100, 2 processes', { concurrency: 100, processes: 2 }),
    one('c100/4p', 'concurrency 100, 4 processes', { concurrency: 100, processes: 4 }),
    one('c10/empty', 'concurrency 10, empty', { concurrency: 10, payload: 'empty' }),
    one('c10/10KB', 'concurrency 10, 10 KB', { concurrency: 10, payload: '10 KB', ...big }),
    one('c10/dates', 'concurrency 10, with Dates', { concurrency: 10, payload: 'Dates' }),
    one('c10/keep', 'concurrency 10, all kept for ever', { concurrency: 10, retention: 'keep' }),
    one('c10/age', 'concurrency 10, all kept for 500 s', { concurrency: 10, retention: 'age' }, { needs: 'age' }),
    one('c10/remove', 'concurrency 10, removed when done', { concurrency: 10, retention: 'remove' }),
    one('c100/age', 'concurrency 100, all kept for 500 s', { concurrency: 100, retention: 'age' }, { needs: 'age' }),
    one('c100/remove', 'concurrency 100, removed when done', { concurrency: 100, retention: 'remove' }),
  ]
}

function waiting(size) {
  const one = (name, title, measure, plan, core = true) => ({ name: `pickup/${name}`, group: 'pickup', title, core, measure, plan })
  return [
    one('idle', 'a single job, idle worker', measureIdlePickup, size.idlePickup),
    one('100', '100 jobs/s', measurePickup, { ...size.pickup, rate: 100 }),
    one('1000', '1,000 jobs/s', measurePickup, { ...size.pickup, rate: 1_000 }),
    one('half', 'half of what it sustains', measurePickup, { ...size.pickup, rate: 'half' }),
    one('idle/1ms', 'a single job, idle worker, 1 ms away', measureIdlePickup, { ...size.idlePickup, latencyMs: 1 }, false),
    one('1000/1ms', '1,000 jobs/s, 1 ms away', measurePickup, { ...size.pickup, rate: 1_000, latencyMs: 1 }, false),
  ]
}

function costs(size) {
  const memory = (name, title, plan, core) => ({
    name: `memory/${name}`,
    group: 'memory',
    title,
    core,
    runs: Math.min(2, size.runs),
    measure: measureMemory,
    plan: { ...size.memory, ...plan },
  })
  return [
    memory('120B', '120 B, defaults', {}, true),
    memory('empty', 'empty, defaults', { payload: 'empty' }, false),
    memory('10KB', '10 KB, defaults', { payload: '10 KB', n: Math.ceil(size.memory.n / 5) }, false),
    memory('remove', '120 B, removed when done', { retention: 'remove' }, false),
    {
      name: 'idle',
      group: 'idle',
      title: 'idle worker, per second',
      core: true,
      runs: Math.min(2, size.runs),
      measure: measureIdle,
      plan: size.idle,
    },
  ]
}

function crowds(size) {
  const count = (n) => n.toLocaleString('en')
  const backlog = (name, title, plan) => ({
    name: `backlog/${name}`,
    group: 'backlog',
    title,
    core: true,
    runs: 1,
    patienceMs: 240_000,
    measure: measureBacklog,
    plan: { ...size.backlog, ...plan },
  })
  return [
    ...size.sizes.map((waiting) => backlog(`${waiting}`, `${count(waiting)} waiting`, { size: waiting })),
    {
      ...backlog('running', `${count(size.sizes[0])} waiting, ${count(size.running)} running`, {
        size: size.sizes[0],
        running: size.running,
      }),
      only: ['rqts'],
    },
    {
      name: 'scheduled',
      group: 'scheduled',
      title: `${count(size.scheduled.n)} jobs due at one moment`,
      core: true,
      runs: Math.min(3, size.runs),
      patienceMs: 180_000,
      measure: measureScheduled,
      plan: size.scheduled,
    },
    {
      name: 'dependents',
      group: 'dependents',
      title: `a job with ${count(size.dependents.n)} dependents`,
      core: true,
      needs: 'dependents',
      runs: Math.min(3, size.runs),
      measure: measureDependents,
      plan: size.dependents,
    },
  ]
}

/** What is asked of rqts alone. */
function ours(size) {
  const one = (name, title, measure) => ({
    name,
    group: name,
    title,
    core: true,
    only: ['rqts'],
    runs: 1,
    patienceMs: 240_000,
    measure,
    plan: size[name],
  })
  const count = (n) => n.toLocaleString('en')
  return [
    one('heap', `heap of a worker after ${count(size.heap.early)} and after ${count(size.heap.n)} jobs`, measureHeap),
    one('middle', `a job in the middle of ${count(size.middle.size)}`, measureMiddle),
    one(
      'waits',
      `heap of a worker over ${count(size.waits.samples * size.waits.cycles)} waits for delayed jobs and as many given up`,
      measureWaits,
    ),
    {
      ...one('waits/hour', 'an hour of waits', measureWaits),
      core: false,
      asked: true,
      patienceMs: 4_000_000,
      plan: { ...size.waits, samples: 61, cycles: 500, everyMs: 60_000 },
    },
  ]
}
