import { Queue } from 'rqts'
import { add, daysLater, greet } from './tasks.ts'

const queue = new Queue()

const sum = await queue.enqueue(add, [2, 3])
const greeting = await queue.enqueue(greet, ['Ada'])
const due = await queue.enqueueIn('1s', daysLater, [new Date('2027-01-01'), 31])

// Each result has the type that its function returns: number, string, Date.
console.log('add(2, 3) =', await sum.result())
console.log('greet("Ada") =', await greeting.result())
console.log('daysLater(2027-01-01, 31), a second later =', (await due.result()).toISOString())

await queue.close()
