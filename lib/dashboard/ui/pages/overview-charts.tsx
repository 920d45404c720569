import type { JSX } from 'preact'
import type { StatsRange, StatsView, TaskStats } from '../../contract.ts'
import { get } from '../api.ts'
import { clockTime, count, duration, shortCount } from '../format.ts'
import { t } from '../i18n/index.ts'
import { overview } from '../live.ts'
import { useLoaded } from '../load.ts'
import { Card, Failure } from '../parts/basic.tsx'
import { Chart } from '../parts/chart.tsx'
import { quoted } from '../parts/palette.tsx'
import { Table } from '../parts/table.tsx'
import { href } from '../router.ts'

const REFRESH_MS = 15_000

export function Charts({ range }: { range: StatsRange }): JSX.Element {
  const { data, error, reload } = useLoaded((signal) => get('GET /stats', { range }, signal), [range], REFRESH_MS)
  return (
    <>
      <Failure error={error} onRetry={reload} />
      {data !== undefined && <Pictures stats={data} />}
    </>
  )
}

function Pictures({ stats }: { stats: StatsView }): JSX.Element {
  const points = withoutBeginning(stats)
  const times = points.map(({ at }) => clockTime(at, stats.range !== '1h' && stats.range !== '24h'))
  const partial = points.at(-1)?.partial === true
  return (
    <>
      <div class="charts">
        <Card title={t.overview.throughput}>
          <Chart
            label={t.overview.throughput}
            times={times}
            partial={partial}
            format={shortCount}
            series={[
              { name: t.states.finished, tone: 'chart-good', values: points.map(({ finishedPerMinute }) => finishedPerMinute), area: true },
              { name: t.states.failed, tone: 'chart-bad', values: points.map(({ failedPerMinute }) => failedPerMinute) },
            ]}
          />
        </Card>
        <Card title={t.overview.latency}>
          <Chart
            label={t.overview.latency}
            times={times}
            partial={partial}
            log
            format={duration}
            series={[
              { name: t.overview.waitP95, tone: 'chart-wait', values: points.map(({ waitP95Ms }) => waitP95Ms) },
              { name: t.overview.runP95, tone: 'chart-run', values: points.map(({ runP95Ms }) => runP95Ms) },
              { name: t.overview.runP50, tone: 'chart-soft', values: points.map(({ runP50Ms }) => runP50Ms) },
            ]}
          />
        </Card>
      </div>
      {stats.tasks.length > 0 && <Tasks tasks={stats.tasks} />}
    </>
  )
}

/** A span that has just begun and in which nothing has ended yet would look like a standstill. */
function withoutBeginning({ points, stepMs }: StatsView): StatsView['points'] {
  const last = points.at(-1)
  const now = Date.parse(overview.get()?.at ?? '')
  const silent = last?.partial === true && last.finished + last.failed + last.retried === 0
  return silent && now - Date.parse(last.at) < stepMs / 4 ? points.slice(0, -1) : points
}

function Tasks({ tasks }: { tasks: readonly TaskStats[] }): JSX.Element {
  return (
    <Card title={t.overview.tasks} class="flush">
      <Table
        label={t.overview.tasks}
        rows={tasks.slice(0, 15)}
        id={({ task }) => task}
        columns={[
          {
            key: 'task',
            title: t.columns.task,
            wide: true,
            cell: ({ task }) =>
              task === '*' ? (
                <span class="muted">{t.overview.otherTasks}</span>
              ) : (
                <a class="name" href={href('jobs', [], { q: `task:${quoted(task)}` })}>
                  {task}
                </a>
              ),
          },
          { key: 'finished', title: t.columns.finished, right: true, cell: ({ finished }) => count(finished) },
          {
            key: 'failed',
            title: t.columns.failed,
            right: true,
            cell: ({ failed }) => <span class={failed > 0 ? 'bad-text' : 'zero'}>{count(failed)}</span>,
          },
          { key: 'retried', title: t.columns.retried, right: true, hide: 1, cell: ({ retried }) => count(retried) },
          { key: 'wait', title: t.overview.waitP95, right: true, hide: 2, cell: ({ waitP95Ms }) => duration(waitP95Ms) },
          { key: 'p50', title: t.overview.runP50, right: true, hide: 2, cell: ({ runP50Ms }) => duration(runP50Ms) },
          { key: 'p95', title: t.overview.runP95, right: true, hide: 1, cell: ({ runP95Ms }) => duration(runP95Ms) },
        ]}
      />
    </Card>
  )
}
