import { type Channel, channel } from 'node:diagnostics_channel'

/** For `node:diagnostics_channel`: who subscribes hears of every job of this process; without subscribers nothing is even gathered. */
export const channels: Readonly<Record<'enqueued' | 'started' | 'ended', Channel>> = {
  /** `{ queue, id, task }` of a job that was written. */
  enqueued: channel('rqts:job:enqueued'),
  /** `{ queue, id, task, attempt, waitedMs }` */
  started: channel('rqts:job:started'),
  /** `{ queue, id, task, attempt, elapsedMs, outcome, error }`; the outcome as statistics call it: finished, failed, retried, stopped, lost. */
  ended: channel('rqts:job:ended'),
}
