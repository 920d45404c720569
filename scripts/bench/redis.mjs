// The harness's own view of Redis: a private server without disk, counted before and after.
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'

export async function startRedis(dist, log) {
  const { startPrivateRedis } = await import(`${dist}/lib/embedded/index.js`)
  const server = await startPrivateRedis({ install: true, log })
  const redis = new Redis(server.url)
  return {
    url: server.url,
    port: server.port,
    redis,
    async stop() {
      redis.disconnect()
      await server.stop()
    },
  }
}

/** Sums of the job containers, read in the order in which jobs move, so that none is missed on its way. */
export async function countJobs(redis, keys) {
  const parts = ['later', 'waiting', 'active', 'finished']
  const commands = parts.flatMap((part) => keys[part])
  const replies = await redis.pipeline(commands).exec()
  const counts = {}
  let at = 0
  for (const part of parts) {
    counts[part] = 0
    for (let i = 0; i < keys[part].length; i++) counts[part] += Number(replies[at++][1])
  }
  return { ...counts, pending: counts.later + counts.waiting + counts.active, commands: commands.length }
}

export async function snapshot(redis) {
  const [cpu, stats, memory] = await Promise.all([redis.info('cpu'), redis.info('commandstats'), redis.info('memory')])
  const seconds = field(cpu, 'used_cpu_user_main_thread') + field(cpu, 'used_cpu_sys_main_thread')
  const commands = new Map()
  for (const [, name, calls, us] of stats.matchAll(/cmdstat_(\S+?):calls=(\d+),usec=(\d+)/g))
    commands.set(name, [Number(calls), Number(us)])
  return { cpuUs: seconds * 1e6, commands, memory: field(memory, 'used_memory') }
}

/** Tells of every command that Redis runs, until the returned function is called. By hand: ioredis' own loses its thread when a command comes with the answer. */
export async function watchCommands({ options: { host, port } }, tell) {
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.write('MONITOR\r\n')
  const lines = createInterface(socket)
  await once(lines, 'line')
  lines.on('line', (line) => {
    const [, source, name] = /^\+[\d.]+ \[\d+ (\S+)\] "([^"]+)"/.exec(line) ?? []
    if (name !== undefined) tell(name.toLowerCase(), source === 'lua')
  })
  return () => socket.destroy()
}

/** What each of `jobs` cost between two snapshots. `spare`: the harness's own commands. */
export function spending(before, after, jobs, spare = 0) {
  const each = {}
  for (const [name, [calls, us]] of after.commands) {
    const [callsBefore, usBefore] = before.commands.get(name) ?? [0, 0]
    if (name !== 'info' && calls > callsBefore) each[name] = [(calls - callsBefore) / jobs, (us - usBefore) / jobs]
  }
  const sum = Object.values(each).reduce((total, [calls]) => total + calls, 0)
  return {
    redisUs: (after.cpuUs - before.cpuUs) / jobs,
    commands: sum - spare / jobs,
    scripts: (each.evalsha?.[0] ?? 0) + (each.eval?.[0] ?? 0),
    // Calls and µs per job; those of a script are also part of its evalsha.
    each: Object.fromEntries(Object.entries(each).map(([name, pair]) => [name, pair.map((value) => Number(value.toFixed(3)))])),
  }
}

function field(info, name) {
  return Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1])
}
