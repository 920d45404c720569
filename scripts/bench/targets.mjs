// What rqts set out to reach, checked against one run.
import { ratio, stat, times } from './table.mjs'

const faster = (text, scenario, least) => ({
  text: `${text}: at least ${least} × BullMQ`,
  check(results) {
    const value = ratio(results, scenario, 'bullmq', 'rate')
    return value && { measured: times(value), met: value >= least }
  },
})

const below = (text, scenario, metric, unit) => ({
  text: `${text} below BullMQ's`,
  check(results) {
    const [own, other] = ['rqts', 'bullmq'].map((library) => stat(results, scenario, library, metric)?.median)
    return own !== undefined && other !== undefined
      ? { measured: `${number(own)} against ${number(other)} ${unit}`, met: own <= other }
      : undefined
  },
})

const atMost = (text, scenario, metric, most, unit) => ({
  text: `${text}: at most ${most} ${unit}`,
  check(results) {
    const own = stat(results, scenario, 'rqts', metric)?.median
    return own === undefined ? undefined : { measured: `${number(own)} ${unit}`, met: own <= most }
  },
})

export const TARGETS = [
  faster('Enqueueing one by one, 100 in flight', 'enqueue/100', 4),
  faster('Enqueueing in bulk', 'enqueue/bulk', 6),
  faster('Processing at concurrency 1', 'process/c1', 10),
  faster('Processing at concurrency 10', 'process/c10', 3),
  faster('Processing at concurrency 100', 'process/c100', 3),
  faster('Processing at concurrency 10, 1 ms away', 'process/c10/1ms', 5),
  below('Start of a single job by an idle worker, p50', 'pickup/idle', 'p50', 'ms'),
  below('Start of a single job by an idle worker, p99', 'pickup/idle', 'p99', 'ms'),
  atMost('Start at half of what producer and worker sustain, p99', 'pickup/half', 'p99', 10, 'ms'),
  below('Memory of a waiting job', 'memory/120B', 'waitingBytes', 'B'),
  below('Memory of a finished job', 'memory/120B', 'finishedBytes', 'B'),
  atMost('An idle worker', 'idle', 'calls', 2, 'calls/s'),
  growth('Enqueueing', 'enqueueUs'),
  growth('Processing', 'processUs'),
  whileRunning('Enqueueing', 'enqueueUs'),
  whileRunning('Processing', 'processUs'),
  flat('Heap of a worker the same after a million jobs', 'heap', 'earlyMb', 'lateMb'),
  flat('Heap of a worker the same after 20,000 waits, 100,000 jobs being delayed', 'waits', 'earlyMb', 'lateMb'),
  flat('Heap of who waits the same after 20,000 waits', 'waits', 'clientEarlyMb', 'clientLateMb'),
]

function flat(text, scenario, early, late) {
  return {
    text: `${text} (within 10 %)`,
    check(results) {
      const [first, last] = [early, late].map((metric) => stat(results, scenario, 'rqts', metric)?.median)
      return first === undefined || last === undefined
        ? undefined
        : { measured: `${number(first)} → ${number(last)} MB`, met: last <= first * 1.1 }
    },
  }
}

/** Redis time per job, so that it says nothing about what else the machine does. */
function growth(text, metric) {
  return {
    text: `${text} costs Redis the same whatever waits (within 30 %)`,
    check(results) {
      const sizes = waitingIn(results)
      return sizes.length < 2 ? undefined : same(results, `backlog/${sizes[0]}`, `backlog/${sizes.at(-1)}`, metric)
    },
  }
}

function whileRunning(text, metric) {
  return {
    text: `${text} costs Redis the same whatever runs (within 30 %)`,
    check: (results) => same(results, `backlog/${waitingIn(results)[0]}`, 'backlog/running', metric),
  }
}

function waitingIn(results) {
  const sizes = Object.keys(results).map((name) => Number(/^backlog\/(\d+)$/.exec(name)?.[1]))
  return sizes.filter((size) => !Number.isNaN(size)).sort((a, b) => a - b)
}

function same(results, before, after, metric) {
  const [few, many] = [before, after].map((scenario) => stat(results, scenario, 'rqts', metric)?.median)
  if (few === undefined || many === undefined) return undefined
  return { measured: `${number(few)} → ${number(many)} µs`, met: many <= few * 1.3 }
}

function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toFixed(2)))
}
