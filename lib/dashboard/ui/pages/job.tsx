import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { JobAction, JobDetailView } from '../../contract.ts'
import { act, confirm, copy, toast } from '../actions.ts'
import { ApiFailure, apiUrl, get, post } from '../api.ts'
import { t, wordFor } from '../i18n/index.ts'
import { useKeys } from '../keys.ts'
import { liveJob, type SeenJob, useFollowedJob } from '../live.ts'
import { useLoaded } from '../load.ts'
import { Action, Button, Card, CopyButton, Empty, Failure, StateBadge } from '../parts/basic.tsx'
import { ErrorView } from '../parts/error-view.tsx'
import { Payload } from '../parts/json.tsx'
import { quoted } from '../parts/palette.tsx'
import { go, href } from '../router.ts'
import { useCell } from '../store.ts'
import { CopyDialog } from './job-copy.tsx'
import { Facts } from './job-facts.tsx'
import { Dependencies } from './job-graph.tsx'
import { Logs } from './job-logs.tsx'
import { Progress, Timeline } from './job-timeline.tsx'

export function JobPage({ queue, id }: { queue: string; id: string }): JSX.Element {
  useFollowedJob(queue, id)
  const told = useCell(liveJob)
  const { data, error, reload } = useLoaded((signal) => ask(queue, id, signal), [queue, id])
  const live = told?.place === `${queue}/${id}` ? told : undefined
  // What the stream told before the question was asked is older than the reply; what it tells later it tells again when it changes.
  const latest = data !== undefined && (live === undefined || data.at > live.at) ? data : live
  const known = useRef<JobDetailView | undefined>(undefined)
  const job = latest?.job ?? known.current
  known.current = job
  if (job === undefined) {
    if (latest?.job === null) return <Empty title={t.job.gone(id)} text={t.job.goneText} command={`rqts jobs -q ${queue}`} />
    return error === undefined ? <p class="muted">{t.loading}</p> : <Failure error={error} onRetry={reload} />
  }
  return (
    <div class="page job">
      {latest?.job === null && <p class="notice warn">{t.job.goneNow}</p>}
      <Head job={job} reload={reload} />
      <Progress job={job} />
      <Card title={t.job.timeline}>
        <Timeline job={job} />
      </Card>
      {job.errorDetail !== null && (
        <Card title={t.job.error}>
          <ErrorView error={job.errorDetail} />
        </Card>
      )}
      <Payloads job={job} />
      <Dependencies job={job} />
      <Logs job={job} />
      <Facts job={job} />
    </div>
  )
}

async function ask(queue: string, id: string, signal: AbortSignal): Promise<SeenJob> {
  const at = performance.now()
  try {
    return { at, job: await get('GET /job', { id, queue }, signal) }
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return { at, job: null }
    throw error
  }
}

function Head({ job, reload }: { job: JobDetailView; reload(): void }): JSX.Element {
  const [copying, setCopying] = useState(false)
  const { id, queue, task, state, command } = job
  useKeys({ r: () => void (job.actions.includes('requeue') && run('requeue', job, reload)) })
  return (
    <header class="job-head">
      <div class="job-title">
        <h1>{task}</h1>
        <StateBadge state={state} />
        {job.reason !== null && job.reason !== 'error' && <span class="badge plain">{wordFor(t.reasons, job.reason)}</span>}
      </div>
      <p class="job-sub">
        <code>{id}</code>
        <CopyButton text={id} label={t.job.copyId} />
        <a href={href('jobs', [], { q: `queue:${quoted(queue)}` })}>{queue}</a>
        {job.tags.map((tag) => (
          <a key={tag} class="tag" href={href('jobs', [], { q: `tag:${quoted(tag)}` })}>
            {tag}
          </a>
        ))}
      </p>
      <div class="job-actions">
        {job.actions.map((action) => (
          <Action key={action} kind={KINDS[action]} onClick={() => run(action, job, reload)}>
            {t.actions[action]}
          </Action>
        ))}
        <Action onClick={() => setCopying(true)}>{t.job.editCopy}</Action>
        <Button kind="ghost" onClick={() => copy(JSON.stringify(job, null, 2))}>
          {t.job.copyJson}
        </Button>
        {command !== null && (
          <Button kind="ghost" title={command} onClick={() => copy(command)}>
            {t.job.copyCommand}
          </Button>
        )}
      </div>
      {copying && <CopyDialog job={job} onClose={() => setCopying(false)} />}
    </header>
  )
}

const KINDS = { requeue: 'primary', promote: 'primary', cancel: 'plain', delete: 'danger' } as const

async function run(action: JobAction, job: JobDetailView, reload: () => void): Promise<void> {
  const { id, queue, task } = job
  const name = t.actions[action]
  const here = location.hash
  if (action === 'cancel' || action === 'delete') {
    const text = t.bulk.askOne(name, task, id)
    if (!(await confirm({ title: t.bulk.title(name), text, action: name, danger: true }))) return
  }
  if (!(await act(() => post(`POST /job/${action}`, { id, queue })))) return
  toast(t.bulk.doneOne(name, task), 'good')
  // Who has gone elsewhere meanwhile stays there.
  if (location.hash !== here) return
  if (action === 'delete') go(href('jobs', [], { q: `queue:${quoted(queue)}` }))
  else reload()
}

function Payloads({ job }: { job: JobDetailView }): JSX.Element {
  const { id, queue, args, result, meta } = job
  const download = (part: 'args' | 'result' | 'meta'): string => apiUrl('/job/download', { id, queue, part })
  const empty = meta.value === null || (typeof meta.value === 'object' && Object.keys(meta.value).length === 0)
  return (
    <div class="columns">
      <Card title={t.job.args}>
        <Payload payload={args} download={download('args')} />
      </Card>
      {result !== null && (
        <Card title={t.job.result}>
          <Payload payload={result} download={download('result')} />
        </Card>
      )}
      {!empty && (
        <Card title={t.job.meta}>
          <Payload payload={meta} download={download('meta')} />
        </Card>
      )}
    </div>
  )
}
