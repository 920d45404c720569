import type { JSX } from 'preact'
import type { ScheduleView } from '../../contract.ts'
import { get } from '../api.ts'
import { count, duration } from '../format.ts'
import { t } from '../i18n/index.ts'
import { useLoaded } from '../load.ts'
import { Card, Empty, Failure, When } from '../parts/basic.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { href, setQuery } from '../router.ts'
import { ScheduleActions } from './schedule-actions.tsx'
import { ScheduleDetail } from './schedule-detail.tsx'
import { LastRun } from './schedule-run.tsx'

const REFRESH_MS = 3_000
/** Later than this a schedule is late, not just in between two ticks. */
const LATE_MS = 10_000

export function Schedules({ query }: { query: Readonly<Record<string, string>> }): JSX.Element {
  const { data, error, reload } = useLoaded((signal) => get('GET /schedules', undefined, signal), [], REFRESH_MS)
  const chosen = data?.schedules.find(({ name }) => name === query['name'])
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t.nav.schedules}</h1>
        {data !== undefined && data.schedules.length > 0 && (
          <p class="found">
            {data.health.ticker === null ? <span class="bad-text">{t.schedules.noTicker}</span> : t.schedules.ticker(data.health.ticker)}
            {data.health.lateMs > LATE_MS && <span class="bad-text"> · {t.schedules.late(duration(data.health.lateMs))}</span>}
          </p>
        )}
      </div>
      <Failure error={error} onRetry={reload} />
      {data?.schedules.length === 0 && (
        <Empty title={t.schedules.none} text={t.schedules.noneText} command="schedule('nightly', report, [], { cron: '0 2 * * *' })" />
      )}
      {data !== undefined && data.schedules.length > 0 && (
        <Card class="flush">
          <Table
            label={t.nav.schedules}
            columns={columns(reload)}
            rows={data.schedules}
            id={({ name }) => name}
            cursor={chosen?.name}
            onOpen={({ name }) => setQuery({ name: name === chosen?.name ? undefined : name })}
          />
        </Card>
      )}
      {chosen !== undefined && <ScheduleDetail key={chosen.name} schedule={chosen} reload={reload} />}
    </div>
  )
}

function columns(reload: () => void): Column<ScheduleView>[] {
  return [
    { key: 'name', title: t.columns.name, wide: true, cell: name },
    { key: 'words', title: t.schedules.when, cell: words },
    { key: 'next', title: t.schedules.next, cell: next },
    { key: 'last', title: t.schedules.last, hide: 1, cell: ({ lastRun }) => <LastRun run={lastRun} /> },
    { key: 'runs', title: t.schedules.runs, right: true, hide: 2, cell: ({ runs }) => count(runs) },
    {
      key: 'actions',
      title: <span class="sr">{t.columns.actions}</span>,
      right: true,
      hide: 1,
      cell: (schedule) => <ScheduleActions schedule={schedule} reload={reload} />,
    },
  ]
}

function name({ name: own, task, queue, warnings }: ScheduleView): JSX.Element {
  return (
    <span class="stack">
      <a class="name" href={href('schedules', [], { name: own })}>
        {own}
      </a>
      <span class="muted">
        {task} → {queue}
      </span>
      {warnings.map((warning) => (
        <span key={warning.what} class="warn-text">
          {t.scheduleWarning(warning)}
        </span>
      ))}
    </span>
  )
}

function words(schedule: ScheduleView): JSX.Element {
  const { expression, tz } = schedule
  return (
    <span class="stack">
      <span>{t.scheduleWords(schedule)}</span>
      <code class="muted">
        {expression} {tz}
      </code>
    </span>
  )
}

function next({ state, nextRunAt }: ScheduleView): JSX.Element {
  if (state === 'active') return <When at={nextRunAt} />
  return <span class={`badge state-${state === 'paused' ? 'paused' : 'canceled'}`}>{t.schedules.states[state]}</span>
}
