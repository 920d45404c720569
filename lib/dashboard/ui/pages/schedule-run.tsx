import type { JSX } from 'preact'
import type { ScheduleRunView } from '../../contract.ts'
import { t } from '../i18n/index.ts'
import { When } from '../parts/basic.tsx'
import { href } from '../router.ts'

export function LastRun({ run }: { run: ScheduleRunView | null }): JSX.Element {
  if (run === null) return <span class="muted">{t.schedules.never}</span>
  const outcome = t.outcomes[run.outcome as keyof typeof t.outcomes] ?? run.outcome
  return (
    <span class="stack">
      {run.id === '' ? <span>{outcome}</span> : <a href={href('job', [run.queue, run.id])}>{outcome}</a>}
      <span class="muted">
        <When at={run.at} />
      </span>
    </span>
  )
}
