import { t } from './i18n/index.ts'
import { type Cell, cell } from './store.ts'

export interface Toast {
  id: number
  kind: 'good' | 'bad' | 'plain'
  text: string
}

export const toasts: Cell<readonly Toast[]> = cell<readonly Toast[]>([])
const TOAST_MS = 6_000
const MAX_TOASTS = 4
let lastToast = 0

export function toast(text: string, kind: Toast['kind'] = 'plain'): void {
  const id = ++lastToast
  const shown = toasts.get()
  const kept = shown.length < MAX_TOASTS ? shown : shown.filter((one) => one !== (shown.find((old) => old.kind !== 'bad') ?? shown[0]))
  toasts.set([...kept, { id, kind, text }])
  // What went wrong stays until it is read.
  if (kind !== 'bad') setTimeout(() => dismissToast(id), TOAST_MS)
}

export function dismissToast(id: number): void {
  toasts.set(toasts.get().filter((one) => one.id !== id))
}

export interface Question {
  title: string
  text: string
  action: string
  danger?: boolean
}

/** The open question and who waits for its answer. */
export const question: Cell<(Question & { answer(yes: boolean): void }) | undefined> = cell<
  (Question & { answer(yes: boolean): void }) | undefined
>(undefined)

export async function confirm(asked: Question): Promise<boolean> {
  question.get()?.answer(false)
  return await new Promise((resolve) => {
    question.set({
      ...asked,
      answer(yes) {
        question.set(undefined)
        resolve(yes)
      },
    })
  })
}

/** Runs what a button asks for and says how it went. Returns whether it was done. */
export async function act(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work()
    if (done !== undefined) toast(done, 'good')
    return true
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), 'bad')
    return false
  }
}

/** The clipboard needs HTTPS or localhost; elsewhere the old way through a selection still works. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'offscreen'
    // Inside an open dialog nothing outside of it can be selected.
    ;(document.querySelector('dialog[open]') ?? document.body).append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
  toast(t.copied, 'good')
}
