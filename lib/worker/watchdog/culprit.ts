import { Session, url } from 'node:inspector'
import type { Culprit } from './messages.ts'

/** Long enough for a loop to be interrupted; native code (execSync, a huge JSON) cannot be, and does not answer. */
const PATIENCE_MS = 500

// What currentJob() reads, asked of the frame that was found running.
const WHO = `(() => {
  const job = globalThis[Symbol.for('rqts.currentJob')]?.getStore()
  return job === undefined ? null : { id: job.id, task: job.task }
})()`

/** A person sits at a breakpoint: the main thread stands still because it was told to. */
export function isDebugged(): boolean {
  return url() !== undefined
}

/** Halts the main thread for a moment, wherever it is, and looks which job's code it runs. Undefined when it cannot be halted. */
export async function findCulprit(): Promise<Culprit | undefined> {
  const session = new Session()
  session.connectToMainThread()
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
    })
    return await Promise.race([look(session), late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
    // What is on its way comes too late: there is nobody to answer to.
    session.removeAllListeners()
    session.disconnect()
  }
}

function look(session: Session): Promise<Culprit | undefined> {
  return new Promise((resolve, reject) => {
    const files = new Map<string, string>()
    session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url))
    session.once('Debugger.paused', ({ params }) => {
      const fileOf = ({ location, url: own }: (typeof params.callFrames)[number]): string => files.get(location.scriptId) ?? own
      // In Node's own code currentJob() cannot always be asked, and nobody is to blame there.
      const frame = params.callFrames.find((one) => !fileOf(one).startsWith('node:')) ?? params.callFrames[0]
      if (frame === undefined) return resolve(undefined)
      const at = `${frame.functionName || 'anonymous'} ${fileOf(frame).replace('file://', '')}:${frame.location.lineNumber + 1}`
      session.post(
        'Debugger.evaluateOnCallFrame',
        { callFrameId: frame.callFrameId, expression: WHO, returnByValue: true, silent: true },
        (error, reply) => {
          // Also that this took too long, and the session is closed: whoever uses one then throws, and nobody would catch it.
          if (error !== null) return resolve(undefined)
          session.post('Debugger.resume')
          session.post('Debugger.disable')
          if (reply.exceptionDetails !== undefined) return resolve(undefined)
          resolve({ ...(reply.result.value as { id: string; task: string } | null), at })
        },
      )
    })
    session.post('Debugger.enable', (error) => {
      if (error !== null) reject(error)
    })
    session.post('Debugger.pause')
  })
}
