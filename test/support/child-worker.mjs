// A worker in a process of its own, from the built package: tests kill and stop it.
// Arguments: Redis URL, prefix, worker options as JSON.
import { Worker } from 'rqts'

const [url, prefix, options] = process.argv.slice(2)

async function hold(ms) {
  process.stdout.write('running\n')
  await new Promise((resolve) => setTimeout(resolve, ms))
  return 'held'
}

const worker = new Worker('default', { connection: url, prefix, tasks: [hold], ...JSON.parse(options) })
worker.on('ready', () => process.stdout.write('ready\n'))
await worker.run()
