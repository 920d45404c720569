/** The process's own clock: for logs, deadlines of calls and ids. Leases, delays and schedules use the clock of Redis. */
export const clock: { now(): number; monotonic(): number } = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}
