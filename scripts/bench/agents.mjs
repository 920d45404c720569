import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const file = (name) => fileURLToPath(new URL(name, import.meta.url))
const PATIENCE_MS = 5_000
const alive = new Set()

/** A child process that answers calls; an end that was not asked for rejects what is open. */
export async function startAgent(library, { profile } = {}) {
  const execArgv = profile === undefined ? ['--expose-gc'] : ['--expose-gc', '--cpu-prof', `--cpu-prof-dir=${profile}`]
  const child = fork(file('agent.mjs'), [library], { serialization: 'advanced', execArgv })
  const open = new Map()
  let lastId = 0
  const ready = new Promise((resolve, reject) => {
    open.set('ready', { resolve, reject })
  })
  child.on('message', (message) => {
    const id = message.ready ? 'ready' : message.id
    const call = open.get(id)
    open.delete(id)
    if (message.error === undefined) call.resolve(message.value)
    else call.reject(new Error(`${library}: ${message.error}`))
  })
  // Of a message to a child that is gone; its exit tells the same.
  child.on('error', () => undefined)
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      alive.delete(child)
      for (const { reject } of open.values()) reject(new Error(`the process of ${library} ended with ${code ?? signal}`))
      resolve()
    })
  })
  alive.add(child)
  await ready
  return {
    call(operation, argument) {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        if (!alive.has(child)) return reject(new Error(`the process of ${library} has ended`))
        open.set(id, { resolve, reject })
        child.send({ id, operation, argument })
      })
    },
    async end() {
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Of a run that is given up. */
export function killAgents() {
  for (const child of alive) child.kill('SIGKILL')
}

/** A proxy in a process of its own, which adds to every answer of Redis. */
export async function startProxy(port, delayMs) {
  const child = fork(file('proxy.mjs'), [String(port), String(delayMs)])
  const url = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', () => reject(new Error('the proxy ended')))
  })
  return { url, end: () => child.connected && child.disconnect() }
}
