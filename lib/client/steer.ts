import { type Duration, parseDuration, show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { EVERY_WORKER, hint, wishConcurrency, wishPause, wishResume, wishStop } from '../store/control.ts'
import type { Store } from '../store/store.ts'
import { readWorkers } from '../store/workers.ts'

/** What to change about a running worker, from anywhere. Kept in Redis: a worker that cannot be reached now does it when it can. */
export type WorkerOrder =
  | { do: 'pause'; for?: Duration }
  | { do: 'resume' }
  | { do: 'concurrency'; value: number }
  | { do: 'stop'; force?: boolean }

/** Returns the names of the live workers that are meant. `'*'` means all, for pause also those that start later; only pause and resume may. */
export async function steerWorker(store: Store, name: string, order: WorkerOrder): Promise<string[]> {
  const live = (await readWorkers(store)).filter(({ alive }) => alive).map((worker) => worker.name)
  const every = name === EVERY_WORKER
  if (every && order.do !== 'pause' && order.do !== 'resume') {
    throw new RqtsError(
      'RQTS_BAD_OPTION',
      `Only pause and resume can be meant for all workers; name one to ${order.do === 'stop' ? 'stop it' : 'change its concurrency'}`,
    )
  }
  if (!every && !live.includes(name))
    throw new RqtsError('RQTS_JOB_NOT_FOUND', `There is no live worker '${name.slice(0, 128)}': see \`rqts workers\``)
  await wish(store, name, order, live)
  const meant = every ? live : [name]
  await Promise.all(meant.map((worker) => hint(store, worker)))
  return meant
}

async function wish(store: Store, name: string, order: WorkerOrder, live: readonly string[]): Promise<void> {
  switch (order.do) {
    case 'pause':
      return await wishPause(store, name, order.for === undefined ? undefined : parseDuration(order.for, 'for', { min: 1 }))
    case 'resume':
      // Whoever resumes all means those, too, that were paused one by one.
      for (const worker of name === EVERY_WORKER ? [name, ...live] : [name]) await wishResume(store, worker)
      return
    case 'concurrency':
      if (!Number.isInteger(order.value) || order.value < 1 || order.value > 1_000) {
        throw new RqtsError('RQTS_BAD_OPTION', `concurrency must be a whole number from 1 to 1000; got ${show(order.value)}`)
      }
      return await wishConcurrency(store, name, order.value)
    case 'stop':
      return await wishStop(store, name, order.force === true ? 'force' : 'drain')
  }
}
