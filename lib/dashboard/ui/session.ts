import type { SessionView } from '../contract.ts'
import { get } from './api.ts'
import { type Cell, cell } from './store.ts'

export const session: Cell<SessionView | undefined> = cell<SessionView | undefined>(undefined)
/** Whether actions are shown. The server decides on each of them whatever is shown. */
export const canWrite: Cell<boolean> = cell(false)

export async function loadSession(): Promise<void> {
  const view = await get('GET /session')
  session.set(view)
  canWrite.set(view.access === 'write')
}
