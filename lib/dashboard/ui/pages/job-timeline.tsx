import type { ComponentChildren, JSX } from 'preact'
import type { JobDetailView, TimelineEntry } from '../../contract.ts'
import { duration, moment } from '../format.ts'
import { t } from '../i18n/index.ts'
import { overview } from '../live.ts'
import { Bar } from '../parts/basic.tsx'
import { Json } from '../parts/json.tsx'
import { href } from '../router.ts'
import { useCell } from '../store.ts'

/** What happened when, and how long it took from one to the next. */
export function Timeline({ job }: { job: JobDetailView }): JSX.Element {
  const entries = job.timeline.filter(isNews)
  return (
    <ol class="timeline">
      {entries.map((entry, i) => (
        <li key={i} class={`step ${tone(entry)}`} data-kind={entry.kind}>
          {i > 0 && <Gap from={entries[i - 1]!} to={entry} />}
          <div class="step-body">
            <b>{title(entry)}</b>
            <time dateTime={entry.at}>{moment(entry.at)}</time>
            {entry.kind === 'attempt' && <Took entry={entry} running={job.state === 'started' && entry.endedAt === null} />}
            {entry.worker !== null && <a href={href('workers', [], { worker: entry.worker })}>{entry.worker}</a>}
            {entry.error !== null && (
              <span class="bad-text clip" title={entry.error.message}>
                {entry.error.name}: {entry.error.message}
              </span>
            )}
          </div>
        </li>
      ))}
    </ol>
  )
}

/** Not an end that only repeats how the last attempt went, and not the way back into the queue from one attempt to the next. */
function isNews({ kind, outcome }: TimelineEntry, i: number, all: readonly TimelineEntry[]): boolean {
  if (kind === 'ended') return all[i - 1]?.outcome !== outcome
  const attempted = (entry: TimelineEntry): boolean => entry.kind === 'attempt'
  return attempted(all[i]!) || !all.slice(0, i).some(attempted) || !all.slice(i).some(attempted)
}

function tone({ kind, outcome }: TimelineEntry): string {
  if (kind !== 'attempt' && kind !== 'ended') return ''
  if (outcome === 'finished') return 'good'
  if (outcome === null || outcome === 'started' || outcome === 'running') return 'running'
  return outcome === 'canceled' || outcome === 'expired' || outcome === 'stopped' ? 'idle' : 'bad'
}

function title({ kind, attempt, outcome }: TimelineEntry): ComponentChildren {
  const end = outcome === null ? '' : (t.outcomes[outcome as keyof typeof t.outcomes] ?? outcome)
  if (kind === 'attempt') return `${t.job.attempt(attempt ?? 1)}${end === '' ? '' : ` · ${end}`}`
  return kind === 'ended' && end !== '' ? `${t.job.steps.ended} · ${end}` : t.job.steps[kind]
}

function Gap({ from, to }: { from: TimelineEntry; to: TimelineEntry }): JSX.Element | null {
  const ms = Date.parse(to.at) - Date.parse(from.endedAt ?? from.at)
  return ms > 0 ? <span class="gap">{duration(ms)}</span> : null
}

function Took({ entry, running }: { entry: TimelineEntry; running: boolean }): JSX.Element | null {
  // Each sample of the overview brings the time of Redis, by which the running time is counted.
  const now = useCell(overview)?.at
  const end = entry.endedAt ?? (running ? now : undefined)
  if (end === undefined) return null
  return <span class="took">{duration(Math.max(0, Date.parse(end) - Date.parse(entry.at)))}</span>
}

/** A number up to 1 or 100, or `{ done, total }`, is drawn; anything else is shown as it is. */
export function Progress({ job }: { job: JobDetailView }): JSX.Element | null {
  const { progress, state } = job
  if (progress === null || progress === undefined) return null
  const share = shareOf(progress)
  if (share === undefined) return <Json value={progress} />
  const percent = Math.round(share * 100)
  return (
    <div class="progress" data-progress={percent}>
      <Bar value={share} max={1} label={t.job.progress} tone={state === 'failed' ? 'bad' : 'accent'} />
      <b>{percent} %</b>
    </div>
  )
}

function shareOf(progress: unknown): number | undefined {
  if (typeof progress === 'number') return progress < 0 || progress > 100 ? undefined : progress <= 1 ? progress : progress / 100
  if (typeof progress !== 'object' || progress === null) return undefined
  const { done, total } = progress as { done?: unknown; total?: unknown }
  if (typeof done !== 'number' || typeof total !== 'number' || !(total > 0)) return undefined
  return Math.min(1, Math.max(0, done / total))
}
