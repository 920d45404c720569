// What waiting costs those who wait: jobs that are delayed, that run for long, that try again, and callers who wait for results or give up.
import { setTimeout as sleep } from 'node:timers/promises'
import { withWorkers } from './process.mjs'

/**
 * MB that the worker and the producer need after the first and after the last of `samples`, each after `cycles` further waits have
 * ended and `everyMs` have gone by. All the time `delayed` jobs are due tomorrow, `held` ones run and are waited for, and as many fail every few seconds.
 */
export async function measureWaits(bench, library, { delayed, held, samples, cycles, everyMs }) {
  await bench.fresh()
  return await withWorkers(bench, library, { concurrency: held + 10, handler: 'wait' }, ([worker]) =>
    bench.produce(library, 'default', async (producer) => {
      await producer.call('schedule', { at: Date.now() + 86_400_000, n: delayed })
      await producer.call('beginWaits', { held })
      await producer.call('waits', { n: cycles })
      const [workerMb, clientMb] = [[], []]
      for (let i = 0; i < samples; i++) {
        const next = performance.now() + everyMs
        await producer.call('waits', { n: cycles })
        await sleep(Math.max(0, next - performance.now()))
        workerMb.push((await worker.call('heap')) / 2 ** 20)
        clientMb.push((await producer.call('heap')) / 2 ** 20)
        if (everyMs > 0) console.log(`${i}: worker ${workerMb[i].toFixed(2)} MB, producer ${clientMb[i].toFixed(2)} MB`)
      }
      return {
        earlyMb: workerMb[0],
        lateMb: workerMb.at(-1),
        clientEarlyMb: clientMb[0],
        clientLateMb: clientMb.at(-1),
        workerMb,
        clientMb,
      }
    }),
  )
}
