// Another package: it knows the tasks by their types alone. The import is erased, so it runs where the tasks' code is not even installed.
import { Queue, tasks } from 'rqts'
import type * as jobs from '../jobs/tasks.ts'

const { bill } = tasks<typeof jobs>()
const queue = new Queue('billing')
const job = await queue.enqueue(bill, [{ customer: 'Ada', cents: 4_200, due: new Date('2030-01-31') }])
const { number, due } = await job.result({ timeout: '30s' })
console.log(`invoice ${number}, due ${due.toISOString().slice(0, 10)}`)
await queue.close()
