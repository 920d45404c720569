import { Worker } from 'rqts'

const worker = new Worker(['high', 'images', 'mail.*'], { tasks: ['./tasks.ts'], concurrency: 20 })
process.once('SIGTERM', () => void worker.stop())
const { succeeded, failed } = await worker.run()
console.log(`${succeeded} jobs succeeded, ${failed} failed`)
