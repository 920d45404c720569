// A process of its own for the tests: `child.ts private|project|keep DIR`. Prints what it got, then stays until standard input ends.
import { startPrivateRedis, startProjectRedis } from '../../lib/embedded/index.ts'

const [what, dir = ''] = process.argv.slice(2)

if (what === 'forget') {
  const server = await startPrivateRedis()
  console.log(JSON.stringify({ url: server.url, dir: server.dir }))
} else if (what === 'private') {
  const server = await startPrivateRedis()
  console.log(JSON.stringify({ url: server.url, dir: server.dir }))
  process.stdin.resume()
} else {
  const { url, started, stop } = await startProjectRedis({ dir, keep: what === 'keep' })
  console.log(JSON.stringify({ url, started }))
  process.stdin.resume().on('end', () => void stop())
}
