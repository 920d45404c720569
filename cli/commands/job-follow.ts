import type { JobUpdate } from '../../lib/client/events.ts'
import type { JobLocation } from '../../lib/client/inspector.ts'
import type { Context } from '../context.ts'
import { paint } from '../output/color.ts'
import { STATUS_STYLES } from '../output/job.ts'
import { safe } from '../output/text.ts'

/** Tells what happens to a job until it has ended. With `--json` that goes to stderr, stdout is for the outcome. */
export async function follow(context: Context, place: JobLocation, logs: boolean): Promise<void> {
  const tell = (text: string): void => {
    const line = `${paint('dim', new Date().toTimeString().slice(0, 8))} ${text}`
    if (context.json) context.note(line)
    else context.print(line)
  }
  const job = await (await context.queue(place.queue)).fetchJob(place.id)
  if (job === null) return
  const show = (update: JobUpdate): void => {
    if (update.type === 'status') tell(paint(STATUS_STYLES[update.status], update.status))
    else if (update.type === 'progress') tell(`progress ${safe(JSON.stringify(update.value))}`)
    else if (update.type === 'deleted') tell('deleted')
    else if (logs) tell(safe(update.line))
  }
  const updates = job.events()
  // Listening has begun when the first update is here, so a line is rather seen twice than missed.
  const first = await updates.next()
  if (first.done) return
  show(first.value)
  if (logs) {
    const { jobLogs } = await import('../../lib/client/inspector.ts')
    for (const line of await jobLogs(await context.store(), place)) tell(safe(line))
  }
  for await (const update of updates) show(update)
}
