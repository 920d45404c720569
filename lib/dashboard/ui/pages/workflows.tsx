import type { JSX } from 'preact'
import type { WorkflowView } from '../../contract.ts'
import { get } from '../api.ts'
import { count, shortId } from '../format.ts'
import { t } from '../i18n/index.ts'
import { useLoaded } from '../load.ts'
import { Bar, Card, Empty, Failure, StateBadge, When } from '../parts/basic.tsx'
import { Graph } from '../parts/graph.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { href, setQuery } from '../router.ts'

const REFRESH_MS = 3_000

export function Workflows({ query }: { query: Readonly<Record<string, string>> }): JSX.Element {
  const { data, error, reload } = useLoaded((signal) => get('GET /workflows', undefined, signal), [], REFRESH_MS)
  const chosen = data?.workflows.find(({ id }) => id === query['id'])
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t.nav.workflows}</h1>
        {data !== undefined && (
          <p class="found">
            <b>{count(data.workflows.length)}</b> {t.workflows.found}
            {!data.complete && <span class="muted"> · {t.jobs.bounded(count(data.searched))}</span>}
          </p>
        )}
      </div>
      <Failure error={error} onRetry={reload} />
      {data?.workflows.length === 0 && (
        <Empty title={t.workflows.none} text={t.workflows.noneText} command="chain(fetch.s(url), resize.s(), publish.s()).enqueue()" />
      )}
      {chosen !== undefined && <WorkflowGraph key={chosen.id} workflow={chosen} />}
      {data !== undefined && data.workflows.length > 0 && (
        <Card class="flush">
          <Table
            label={t.nav.workflows}
            columns={columns()}
            rows={data.workflows}
            id={({ id }) => id}
            cursor={chosen?.id}
            onOpen={({ id }) => setQuery({ id: id === chosen?.id ? undefined : id })}
          />
        </Card>
      )}
    </div>
  )
}

function columns(): Column<WorkflowView>[] {
  return [
    {
      key: 'id',
      title: t.columns.workflow,
      wide: true,
      cell: ({ id, tasks }) => (
        <span class="task">
          <a class="name" href={href('workflows', [], { id })}>
            {tasks.join(', ')}
          </a>
          <code class="id" title={id}>
            {shortId(id)}
          </code>
        </span>
      ),
    },
    { key: 'state', title: t.columns.state, cell: ({ status }) => <StateBadge state={status} /> },
    { key: 'progress', title: t.job.progress, cell: progress },
    {
      key: 'failed',
      title: t.columns.failed,
      right: true,
      hide: 1,
      cell: ({ failed }) => <span class={failed > 0 ? 'bad-text' : 'zero'}>{count(failed)}</span>,
    },
    { key: 'first', title: t.workflows.first, right: true, hide: 1, cell: ({ firstAt }) => <When at={firstAt} /> },
    { key: 'last', title: t.workflows.last, right: true, hide: 2, cell: ({ lastAt }) => <When at={lastAt} /> },
  ]
}

function progress({ done, jobs, failed }: WorkflowView): JSX.Element {
  return (
    <span class="progress small">
      <Bar value={done} max={jobs} label={t.job.progress} tone={failed > 0 ? 'bad' : 'accent'} />
      <span class="number">
        {count(done)}/{count(jobs)}
      </span>
    </span>
  )
}

function WorkflowGraph({ workflow }: { workflow: WorkflowView }): JSX.Element {
  const { example, id, done, failed, status } = workflow
  const { data, error, reload } = useLoaded((signal) => get('GET /job/graph', example, signal), [id, done, failed, status], REFRESH_MS)
  return (
    <Card title={<code>{id}</code>} extra={<a href={href('jobs', [], { q: `workflow:${id}` })}>{t.errors.showJobs}</a>}>
      <Failure error={error} onRetry={reload} />
      {data !== undefined && <Graph graph={data} />}
    </Card>
  )
}
