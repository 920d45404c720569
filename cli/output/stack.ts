import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { safeLines } from './text.ts'

/** The folder that holds this package's lib/ and cli/. */
const OWN = new URL('../../', import.meta.url)
const OWN_PATH = fileURLToPath(OWN)

/** Name and message, then the frames that are not Node's and not ours: those in which a user can do something. */
export function shortStack({ name, message, stack }: { name: string; message: string; stack?: string | null | undefined }): string[] {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !isForeign(line))
  return safeLines([`${name}: ${message}`, ...frames].join('\n'))
}

/** `file:line` of the first frame that is the user's own, not a package's either. */
export function userFrame(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  for (const line of error.stack?.split('\n') ?? []) {
    const match = /^\s+at (?:.*\()?((?:file:\/\/)?\/[^()]+|[A-Za-z]:\\[^()]+):(\d+):\d+\)?$/.exec(line)
    if (match === null || isForeign(line) || line.includes('/node_modules/')) continue
    const file = match[1]!.startsWith('file://') ? fileURLToPath(match[1]!.replace(/\?.*$/, '')) : match[1]!
    const short = relative(process.cwd(), file)
    return `${short.startsWith('..') ? file : short}:${match[2]}`
  }
  return undefined
}

/** A worker elsewhere has its own copy of this package. */
function isForeign(line: string): boolean {
  return (
    line.includes('node:') ||
    line.includes('/node_modules/rqts/') ||
    line.includes(OWN.href) ||
    line.includes(`(${OWN_PATH}`) ||
    line.includes('at async Promise.all')
  )
}
