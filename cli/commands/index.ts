import type { CommandSpec } from '../command.ts'
import { bench } from './bench.ts'
import { changeCommands } from './change-jobs.ts'
import { empty, pause, resume } from './change-queues.ts'
import { completion } from './completion.ts'
import { dashboard } from './dashboard.ts'
import { dev } from './dev.ts'
import { doctor } from './doctor.ts'
import { enqueue } from './enqueue.ts'
import { info } from './info.ts'
import { init } from './init.ts'
import { job } from './job.ts'
import { jobs } from './jobs.ts'
import { limits } from './limits.ts'
import { redis } from './redis.ts'
import { schedule } from './schedule.ts'
import { scheduler } from './scheduler.ts'
import { top } from './top.ts'
import { worker } from './worker.ts'
import { concurrency, stop, workers } from './workers.ts'

/** In the order of help. Each file loads what it needs only when its command runs. */
export const commands: readonly CommandSpec[] = [
  worker,
  dev,
  dashboard,
  scheduler,
  enqueue,
  info,
  top,
  jobs,
  job,
  workers,
  ...changeCommands,
  empty,
  pause,
  resume,
  limits,
  stop,
  concurrency,
  schedule,
  init,
  redis,
  doctor,
  bench,
  completion,
]
