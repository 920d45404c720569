import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const file = (name) => fileURLToPath(new URL(name, import.meta.url))

/** A child process that answers calls; an end that was not asked for rejects what is open. */
export async function startAgent(library, { profile } = {}) {
  const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
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
  child.on('exit', (code) => {
    for (const { reject } of open.values()) reject(new Error(`the process of ${library} ended with ${code}`))
  })
  await ready
  return {
    call(operation, argument) {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        open.set(id, { resolve, reject })
        child.send({ id, operation, argument })
      })
    },
    async end() {
      if (child.exitCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await ended
    },
  }
}

/** A proxy in a process of its own, which adds to every answer of Redis. */
export async function startProxy(port, delayMs) {
  const child = fork(file('proxy.mjs'), [String(port), String(delayMs)])
  const url = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', () => reject(new Error('the proxy ended')))
  })
  return { url, end: () => child.disconnect() }
}
