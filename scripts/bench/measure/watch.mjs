import { setTimeout as sleep } from 'node:timers/promises'
import { countJobs, snapshot, spending } from '../redis.mjs'

const POLL_MS = 2
const WARMUP_MS = 1_000
const PATIENCE_MS = 60_000

/**
 * The rate at which workers settle the jobs of a filled queue, between the end of the warm-up and the moment when `until` are
 * settled or `maxMs` are over. What counts is what Redis says: a job is done when it has left the containers of the undone.
 */
export async function watchWork({ redis, keys, total, warmup, until = total, maxMs, cpuOf }) {
  const look = { polls: 0, commands: 0, stallMs: 0 }
  async function settled() {
    await sleep(POLL_MS)
    const asked = performance.now()
    const counts = await countJobs(redis, keys)
    look.stallMs = Math.max(look.stallMs, performance.now() - asked)
    look.commands += counts.commands
    return total - counts.pending
  }
  const start = performance.now()
  await pastWarmup(settled, warmup)
  const [before, cpuBefore] = [await snapshot(redis), await cpuOf()]
  look.commands = 0
  look.stallMs = 0
  let [first, began] = [await settled(), performance.now()]
  // On a machine so busy that all was done before the window opened, the warm-up counts as well: rather too slow than nothing.
  if (first >= until) [first, began] = [0, start]
  let [last, ended] = [first, began]
  do {
    last = await settled()
    ended = performance.now()
  } while (last < until && ended - began < maxMs)
  const [after, cpuAfter] = [await snapshot(redis), await cpuOf()]
  const jobs = last - first
  return {
    rate: (jobs * 1_000) / (ended - began),
    jobs,
    clientUs: (cpuAfter - cpuBefore) / jobs,
    stallMs: look.stallMs,
    ...spending(before, after, jobs, look.commands),
  }
}

async function pastWarmup(settled, warmup) {
  const deadline = performance.now() + PATIENCE_MS
  let first = 0
  for (;;) {
    const now = performance.now()
    const count = await settled()
    if (first === 0 && count > 0) first = now
    if (count >= warmup || (first > 0 && now > first + WARMUP_MS)) return
    if (first === 0 && now > deadline) throw new Error('The workers did nothing for a minute')
  }
}

/** What the handlers saw against what Redis says is done. */
export async function checkDeliveries({ redis, keys, total }, seen) {
  const counts = await countJobs(redis, keys)
  const expected = total - counts.pending
  return { expected, seen: seen.length, distinct: new Set(seen).size }
}
