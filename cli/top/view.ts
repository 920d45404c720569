import type { Context } from '../context.ts'
import type { ScreenSize } from '../output/screen.ts'

/** What a key leads to, beyond what the view has done by itself. */
export type Step = { open: View } | { say: string } | 'back' | undefined

/** One page of `rqts top`. */
export interface View {
  readonly title: string
  /** Keys beyond those that move; a capital one does what cannot be undone. */
  readonly keys: readonly (readonly [key: string, what: string])[]
  load(): Promise<void>
  lines(room: ScreenSize): string[]
  /** Undefined for a key that it does not know. */
  press(key: string): Promise<Step> | Step
}

export interface Desk {
  context: Context
  /** Reads and draws anew, at once. */
  refresh(): void
}
