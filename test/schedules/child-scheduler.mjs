// A process that ticks, from the built package: the test kills and stops it. Arguments: Redis URL, prefix, name, hours that its clock is off.
const [url, prefix, name, hours] = process.argv.slice(2)
const real = Date.now
const offMs = Number(hours) * 3_600_000
if (offMs !== 0) {
  Date.now = () => real() + offMs
  globalThis.Date = class extends Date {
    constructor(...args) {
      super(...(args.length === 0 ? [Date.now()] : args))
    }
  }
}
const { Worker } = await import('rqts')
const worker = new Worker('idle', { connection: url, prefix, name, tasks: [function idle() {}] })
worker.on('ready', () => process.stdout.write('ready\n'))
await worker.run()
