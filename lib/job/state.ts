/**
 * The life of a job. This table is the source: the scripts in store/lua carry it out, the README's table and the tests of
 * every (state, event) pair are made from it. Next stop: record.ts, what a job is made of.
 */
export const STATUSES = ['queued', 'started', 'finished', 'failed', 'deferred', 'scheduled', 'stopped', 'canceled', 'expired'] as const
export type JobStatus = (typeof STATUSES)[number]

export const EVENTS = [
  'promote',
  'resolve',
  'claim',
  'finish',
  'fail',
  'lose',
  'release',
  'leave',
  'cancel',
  'stop',
  'expire',
  'requeue',
  'revive',
] as const
export type JobEvent = (typeof EVENTS)[number]

/** Where a new job may begin: nothing to wait for · a delay or runAt · parents that have not ended. */
export const BIRTH: readonly JobStatus[] = ['queued', 'scheduled', 'deferred']

type Transitions = { readonly [E in JobEvent]: { readonly [S in JobStatus]?: readonly JobStatus[] } }

/** event → status before → possible statuses after. What is not listed changes nothing. */
export const TRANSITIONS: Transitions = {
  promote: { scheduled: ['queued'] },
  // The last two: of a job that left its end to others.
  resolve: { deferred: ['queued', 'scheduled', 'canceled', 'finished', 'failed'] },
  claim: { queued: ['started'] },
  finish: { started: ['finished'] },
  fail: { started: ['queued', 'scheduled', 'failed'] },
  lose: { started: ['queued', 'failed', 'stopped'] },
  release: { started: ['queued'] },
  cancel: { queued: ['canceled'], scheduled: ['canceled'], deferred: ['canceled'] },
  leave: { started: ['deferred'] },
  stop: { started: ['stopped'] },
  expire: { queued: ['expired'], scheduled: ['expired'], deferred: ['expired'] },
  requeue: { failed: ['queued'], canceled: ['queued'], stopped: ['queued'], expired: ['queued'], finished: ['queued'] },
  // Of a workflow, when the jobs are requeued for whose failure it was canceled.
  revive: { canceled: ['deferred'] },
}

export function canMove(event: JobEvent, from: JobStatus): boolean {
  return TRANSITIONS[event][from] !== undefined
}

export function isWaiting(status: JobStatus): status is 'queued' | 'scheduled' | 'deferred' {
  return status === 'queued' || status === 'scheduled' || status === 'deferred'
}

export function hasEnded(status: JobStatus): boolean {
  return status !== 'started' && !isWaiting(status)
}

export function isStatus(value: unknown): value is JobStatus {
  return (STATUSES as readonly unknown[]).includes(value)
}

/** The registry in which an ended job is found. */
export function registryOf(status: JobStatus): 'queue' | 'started' | 'scheduled' | 'deferred' | 'finished' | 'failed' | 'canceled' {
  if (status === 'queued') return 'queue'
  if (status === 'stopped') return 'failed'
  return status === 'expired' ? 'canceled' : status
}
