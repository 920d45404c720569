import type { Context } from '../context.ts'
import { codeOf } from '../exit-codes.ts'
import { paint } from '../output/color.ts'
import { safe } from '../output/text.ts'
import { messageOf } from '../report.ts'

/** The Redis that is configured if it answers, else the project's own. Returns what ends this use of it. */
export async function findOrStartRedis(context: Context): Promise<() => Promise<void>> {
  const { globals, urlOrigin } = context.settings
  try {
    await context.store()
    // Processes started from here look where we look.
    if (globals.url !== undefined && urlOrigin !== undefined) process.env['RQTS_REDIS_URL'] = globals.url
    return async () => undefined
  } catch (error) {
    if (codeOf(error) !== 'RQTS_REDIS_UNAVAILABLE') throw error
    const named = urlOrigin ?? ['RQTS_REDIS_URL', 'REDIS_URL'].find((name) => process.env[name])
    if (named !== undefined) context.warn(`${safe(messageOf(error, context.settings))} Until then this project's own Redis is used.`)
  }
  context.forgetStore()
  const { startProjectRedis } = await import('../../lib/embedded/index.ts')
  const server = await startProjectRedis({ install: true, log: (line) => context.note(paint('dim', line, process.stderr)) })
  context.useRedis(server.url, "the project's own server")
  process.env['RQTS_REDIS_URL'] = server.url
  return () => server.stop()
}
