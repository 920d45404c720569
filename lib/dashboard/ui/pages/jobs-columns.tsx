import type { JSX } from 'preact'
import type { JobRow } from '../../contract.ts'
import { duration, shortId } from '../format.ts'
import { t, wordFor } from '../i18n/index.ts'
import { StateBadge, When } from '../parts/basic.tsx'
import type { Column } from '../parts/table.tsx'
import { href } from '../router.ts'

export function jobColumns(): Column<JobRow>[] {
  return [
    { key: 'task', title: t.columns.task, wide: true, cell: task },
    { key: 'state', title: t.columns.state, cell: ({ state }) => <StateBadge state={state} /> },
    { key: 'queue', title: t.columns.queue, hide: 1, cell: ({ queue }) => queue },
    { key: 'attempt', title: t.columns.attempts, right: true, hide: 2, cell: attempts },
    { key: 'waited', title: t.columns.waited, right: true, hide: 2, cell: ({ waitedMs }) => duration(waitedMs) },
    { key: 'ran', title: t.columns.ran, right: true, hide: 2, cell: ({ ranMs }) => duration(ranMs) },
    { key: 'when', title: t.columns.when, right: true, cell: (job) => <When at={lastChange(job)} /> },
    { key: 'more', title: t.columns.note, hide: 1, wide: true, cell: note },
  ]
}

function task(job: JobRow): JSX.Element {
  return (
    <span class="task">
      <a class="name" href={href('job', [job.queue, job.id])}>
        {job.task}
      </a>
      <code class="id" title={job.id}>
        {shortId(job.id)}
      </code>
      {job.tags.map((tag) => (
        <span key={tag} class="tag">
          {tag}
        </span>
      ))}
      {job.error !== null && <span class="phone-only bad-text">{errorText(job.error)}</span>}
    </span>
  )
}

function errorText({ name, message }: NonNullable<JobRow['error']>): string {
  return `${name}: ${message}`
}

function attempts({ attempt, maxAttempts }: JobRow): string {
  return maxAttempts > 1 ? `${attempt}/${maxAttempts}` : String(attempt)
}

function lastChange({ endedAt, startedAt, runAt, enqueuedAt, createdAt }: JobRow): string | null {
  return endedAt ?? startedAt ?? runAt ?? enqueuedAt ?? createdAt
}

function note({ error, reason, description }: JobRow): JSX.Element {
  if (error !== null) {
    return (
      <span class="clip bad-text" title={error.message}>
        {errorText(error)}
      </span>
    )
  }
  return (
    <span class="clip muted" title={description}>
      {reason === null ? description : `${wordFor(t.reasons, reason)} · ${description}`}
    </span>
  )
}
