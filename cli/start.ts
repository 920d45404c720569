import { EXIT } from './exit-codes.ts'
import { run } from './program.ts'
import { listenForSignals } from './signals.ts'

// `rqts jobs | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed))
listenForSignals()

const code = await run(process.argv.slice(2))
// A pipe may still hold output that the exit would cut off.
for (const stream of [process.stdout, process.stderr]) await new Promise<void>((resolve) => stream.write('', () => resolve()))
process.exit(code)
