import { Queue, task, Worker } from 'rqts'

// Stands for a service that takes many documents in one request.
async function bulk(documents: readonly string[]): Promise<{ id: number; error?: string }[]> {
  return documents.map((text, id) => (text === '' ? { id, error: 'empty' } : { id }))
}

// #region task
const index = task({ name: 'index', batch: { size: 100, wait: '50ms' } }, async (calls: [document: string][]) => {
  const answers = await bulk(calls.map(([document]) => document))
  return answers.map(({ id, error }) => (error === undefined ? id : new Error(error)))
})
// #endregion

// #region enqueue
const queue = new Queue('default')
const job = await queue.enqueue(index, ['a document']) // the arguments of one job
// #endregion
const empty = await queue.enqueue(index, [''])

const worker = new Worker('default', { tasks: [index], burst: true })
await worker.run()
console.log('stored as', await job.result())
console.log('the other:', (await empty.settle()).status)
await queue.close()
