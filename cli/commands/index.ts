import type { CommandSpec } from '../command.ts'

/** In the order of help. Each file is loaded when its command runs, and loads then what it needs. */
const LOADERS: Readonly<Record<string, () => Promise<CommandSpec>>> = {
  worker: async () => (await import('./worker.ts')).worker,
  dev: async () => (await import('./dev.ts')).dev,
  dashboard: async () => (await import('./dashboard.ts')).dashboard,
  scheduler: async () => (await import('./scheduler.ts')).scheduler,
  enqueue: async () => (await import('./enqueue.ts')).enqueue,
  info: async () => (await import('./info.ts')).info,
  top: async () => (await import('./top.ts')).top,
  jobs: async () => (await import('./jobs.ts')).jobs,
  job: async () => (await import('./job.ts')).job,
  workers: async () => (await import('./workers.ts')).workers,
  requeue: () => change('requeue'),
  cancel: () => change('cancel'),
  delete: () => change('delete'),
  promote: () => change('promote'),
  empty: async () => (await import('./change-queues.ts')).empty,
  pause: async () => (await import('./change-queues.ts')).pause,
  resume: async () => (await import('./change-queues.ts')).resume,
  limits: async () => (await import('./limits.ts')).limits,
  stop: async () => (await import('./workers.ts')).stop,
  concurrency: async () => (await import('./workers.ts')).concurrency,
  schedule: async () => (await import('./schedule.ts')).schedule,
  init: async () => (await import('./init.ts')).init,
  redis: async () => (await import('./redis.ts')).redis,
  doctor: async () => (await import('./doctor.ts')).doctor,
  bench: async () => (await import('./bench.ts')).bench,
  completion: async () => (await import('./completion.ts')).completion,
}

async function change(name: string): Promise<CommandSpec> {
  const { changeCommands } = await import('./change-jobs.ts')
  return changeCommands.find((one) => one.name === name)!
}

export async function allCommands(): Promise<CommandSpec[]> {
  return await Promise.all(Object.values(LOADERS).map((load) => load()))
}

/** As few as this command line needs: help and mistakes need all of them, a command that comes first no other. */
export async function commandsFor([first = '']: readonly string[]): Promise<CommandSpec[]> {
  if (first === '--version' || first === '-V') return []
  return Object.hasOwn(LOADERS, first) ? [await LOADERS[first]!()] : await allCommands()
}
