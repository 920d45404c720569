import type { Context } from './context.ts'
import { safe } from './output/text.ts'

/** A name that nobody has used yet is often one that was mistyped. Returns all that are known. */
export async function warnOfUnknownQueues(context: Context, names: readonly string[]): Promise<string[]> {
  const { listQueues, suggest } = await import('../lib/client/inspect-overview.ts')
  const known = await listQueues(await context.store())
  for (const name of names) {
    if (!known.includes(name)) context.warn(`no queue '${safe(name)}' is known to this Redis${safe(suggest(name, known))}`)
  }
  return known
}
