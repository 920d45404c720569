import type { Context } from './context.ts'

/** The first thing to know about a job that waits: nobody may be there to run it. */
export async function warnIfUnserved(context: Context, queue: string): Promise<void> {
  try {
    const { overview } = await import('../lib/client/inspector.ts')
    const seen = await overview(await context.store(), { queues: [queue] })
    const [state] = seen.queues
    if (state?.paused) context.warn(`queue '${queue}' is paused: rqts resume ${queue}`)
    else if (state?.workers === 0) context.warn(`no worker serves queue '${queue}': start one with \`rqts worker ${queue}\``)
  } catch {
    // Only a hint; the waiting itself reports what is wrong.
  }
}
