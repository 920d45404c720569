import type { SessionView } from '../contract.ts'
import { ApiFailure, get } from './api.ts'
import { type Cell, cell } from './store.ts'

export const session: Cell<SessionView | undefined> = cell<SessionView | undefined>(undefined)
/** Whether actions are shown. The server decides on each of them whatever is shown. */
export const canWrite: Cell<boolean> = cell(false)

const AGAIN_MS = 2_000

/** Without it the page shows no action, so it is asked for until the server has said something. */
export async function loadSession(): Promise<void> {
  try {
    const view = await get('GET /session')
    session.set(view)
    canWrite.set(view.access === 'write')
  } catch (error) {
    const silent = error instanceof ApiFailure && (error.status === 0 || error.status >= 500)
    if (silent) setTimeout(() => void loadSession(), AGAIN_MS)
  }
}
