import type { JSX } from 'preact'
import type { ErrorGroup } from '../../contract.ts'
import { act, confirm } from '../actions.ts'
import { get, post } from '../api.ts'
import { count } from '../format.ts'
import { t } from '../i18n/index.ts'
import { takeBulk } from '../live.ts'
import { useLoaded } from '../load.ts'
import { Action, Card, Choice, Empty, Failure, When } from '../parts/basic.tsx'
import { ErrorView } from '../parts/error-view.tsx'
import { Table } from '../parts/table.tsx'
import { go, href, setQuery } from '../router.ts'
import { jobColumns } from './jobs-columns.tsx'

const REFRESH_MS = 3_000
const SINCE = ['', '1h', '24h', '7d'] as const

/** Failed jobs by what failed them: a thousand failures are mostly three errors. */
export function Errors({ query }: { query: Readonly<Record<string, string>> }): JSX.Element {
  const fingerprint = query['fingerprint']
  const since = SINCE.find((one) => one === query['since']) ?? ''
  const { data, error, reload } = useLoaded((signal) => get('GET /errors', since === '' ? {} : { since }, signal), [since], REFRESH_MS)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t.nav.errors}</h1>
        {data !== undefined && (
          <p class="found">
            <b>{count(data.groups.length)}</b> {t.errors.groups} · {t.errors.jobs(count(data.total))}
            {!data.complete && <span class="muted"> · {t.jobs.bounded(count(data.searched))}</span>}
          </p>
        )}
        <Choice
          label={t.errors.since}
          value={since}
          options={SINCE.map((value) => ({ value, text: value === '' ? t.errors.allTime : value }))}
          onChange={(value) => setQuery({ since: value }, 'replace')}
        />
      </div>
      <Failure error={error} onRetry={reload} />
      {data?.groups.length === 0 && <Empty title={t.errors.none} text={t.errors.noneText} />}
      {data?.groups.map((group) => (
        <Group key={group.fingerprint} group={group} open={group.fingerprint === fingerprint} reload={reload} />
      ))}
    </div>
  )
}

function Group({ group, open, reload }: { group: ErrorGroup; open: boolean; reload(): void }): JSX.Element {
  const { fingerprint } = group
  return (
    <Card class={`error-group ${open ? 'open' : ''}`}>
      <div class="error-head">
        <button
          type="button"
          class="fold"
          aria-expanded={open}
          onClick={() => setQuery({ fingerprint: open ? undefined : fingerprint }, 'replace')}
        >
          <span class="error-count">{count(group.count)}</span>
          <span class="error-what">
            <b>{group.name}</b> <span class="error-message">{group.message}</span>
            <span class="error-where muted">
              {group.task}
              {group.frame !== null && ` · ${group.frame}`} · {group.queues.join(', ')}
            </span>
          </span>
        </button>
        <span class="error-when muted">
          <span>
            {t.errors.last} <When at={group.lastAt} />
          </span>
          <span>
            {t.errors.first} <When at={group.firstAt} />
          </span>
        </span>
        <span class="row-actions">
          <a class="button small" href={href('jobs', [], { q: search(group) })}>
            {t.errors.showJobs}
          </a>
          <Action small kind="primary" onClick={() => onAll('requeue', group, reload)}>
            {t.errors.retryAll}
          </Action>
          <Action small kind="danger" onClick={() => onAll('delete', group, reload)}>
            {t.errors.deleteAll}
          </Action>
        </span>
      </div>
      {open && <GroupDetail fingerprint={fingerprint} />}
    </Card>
  )
}

function search({ fingerprint }: ErrorGroup): string {
  return `state:failed fingerprint:${fingerprint}`
}

async function onAll(action: 'requeue' | 'delete', group: ErrorGroup, reload: () => void): Promise<void> {
  const name = t.actions[action]
  const text = t.bulk.askAll(name, count(group.count), `${group.name} · ${group.task}`)
  const sure = await confirm({
    title: t.bulk.title(name),
    text,
    action: t.bulk.confirm(name, count(group.count)),
    danger: action === 'delete',
  })
  if (sure && (await act(async () => takeBulk(await post('POST /bulk', { action, q: search(group) }))))) reload()
}

function GroupDetail({ fingerprint }: { fingerprint: string }): JSX.Element {
  const { data, error, reload } = useLoaded((signal) => get('GET /errors/detail', { fingerprint }, signal), [fingerprint])
  return (
    <div class="error-body">
      <Failure error={error} onRetry={reload} />
      {data !== undefined && (
        <>
          <ErrorView error={data.error} />
          <Table
            label={t.nav.jobs}
            columns={jobColumns().filter(({ key }) => key !== 'more')}
            rows={data.jobs}
            id={({ queue, id }) => `${queue}/${id}`}
            onOpen={({ queue, id }) => go(href('job', [queue, id]))}
          />
        </>
      )}
    </div>
  )
}
