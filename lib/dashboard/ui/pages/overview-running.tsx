import type { JSX } from 'preact'
import type { WorkerJob, WorkerView } from '../../contract.ts'
import { count, duration, shortId } from '../format.ts'
import { t } from '../i18n/index.ts'
import { Card, Empty, StateBadge } from '../parts/basic.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { href } from '../router.ts'

interface Running extends WorkerJob {
  worker: string
  lost: boolean
}

const SHOWN = 12

/** Who is working on what, longest first: what hangs stands on top. */
export function RunningNow({ workers }: { workers: readonly WorkerView[] }): JSX.Element {
  const running = workers
    .flatMap(({ name, state, jobs }) => jobs.map((job): Running => ({ ...job, worker: name, lost: state === 'lost' })))
    .sort((a, b) => (b.elapsedMs ?? 0) - (a.elapsedMs ?? 0))
  if (workers.length === 0) {
    return (
      <Card title={t.overview.runningNow}>
        <Empty title={t.workers.none} text={t.workers.noneText} command="rqts worker" />
      </Card>
    )
  }
  return (
    <Card
      title={t.overview.runningNow}
      class="flush"
      extra={running.length > SHOWN && <a href={href('workers')}>{t.overview.allRunning(count(running.length))}</a>}
    >
      {running.length === 0 ? (
        <p class="muted pad">{t.overview.nothingRuns}</p>
      ) : (
        <Table
          label={t.overview.runningNow}
          columns={columns()}
          rows={running.slice(0, SHOWN)}
          id={({ queue, id, worker }) => `${worker} ${queue}/${id}`}
        />
      )}
    </Card>
  )
}

function elapsed({ elapsedMs, lost }: Running): JSX.Element {
  return lost ? <StateBadge state="lost" /> : <b class="number">{duration(elapsedMs)}</b>
}

function columns(): Column<Running>[] {
  return [
    {
      key: 'task',
      title: t.columns.task,
      wide: true,
      cell: ({ task, id, queue }) => (
        <a class="name" href={href('job', [queue, id])}>
          {task ?? shortId(id)}
        </a>
      ),
    },
    { key: 'id', title: t.columns.id, hide: 2, cell: ({ id }) => <code class="id">{shortId(id)}</code> },
    { key: 'queue', title: t.columns.queue, hide: 1, cell: ({ queue }) => queue },
    { key: 'worker', title: t.columns.worker, cell: ({ worker }) => <a href={href('workers', [], { worker })}>{worker}</a> },
    { key: 'elapsed', title: t.columns.elapsed, right: true, cell: elapsed },
  ]
}
