import type { JSX } from 'preact'
import type { AlertView, OverviewView, StatsRange } from '../../contract.ts'
import { count, duration, shortCount } from '../format.ts'
import { t } from '../i18n/index.ts'
import { overview, redisState } from '../live.ts'
import { Choice, Empty } from '../parts/basic.tsx'
import { quoted } from '../parts/palette.tsx'
import { href, setQuery } from '../router.ts'
import { useCell } from '../store.ts'
import { Charts } from './overview-charts.tsx'
import { Queues } from './overview-queues.tsx'
import { RunningNow } from './overview-running.tsx'

const RANGES: readonly StatsRange[] = ['1h', '24h', '7d', '30d']

/** Is it stuck, why, and who is working on what: from top to bottom. */
export function Overview({ query }: { query: Readonly<Record<string, string>> }): JSX.Element {
  const view = useCell(overview)
  const { up } = useCell(redisState)
  if (view === undefined) return <p class="muted">{up ? t.loading : ''}</p>
  const range = RANGES.find((one) => one === query['range']) ?? '1h'
  return (
    <div class="page overview">
      <h1 class="sr">{t.nav.overview}</h1>
      <Verdict view={view} />
      <Tiles view={view} />
      {view.queues.length === 0 ? (
        <Empty title={t.overview.noQueues} text={t.overview.noQueuesText} command="rqts enqueue TASK ARG…" />
      ) : (
        <Queues queues={view.queues} />
      )}
      <RunningNow workers={view.workers} />
      <div class="section-head">
        <h2>{t.overview.history}</h2>
        <Choice
          label={t.overview.range}
          value={range}
          options={RANGES.map((value) => ({ value, text: t.overview.ranges[value] }))}
          onChange={(value) => setQuery({ range: value }, 'replace')}
        />
      </div>
      <Charts range={range} />
    </div>
  )
}

/** One line that answers "is it stuck", and below it each reason with the way out of it. */
function Verdict({ view }: { view: OverviewView }): JSX.Element {
  const { alerts } = view
  if (alerts.length === 0) {
    return (
      <section class="verdict good" aria-label={t.overview.verdict}>
        <i aria-hidden="true">✓</i>
        <p>
          <b>{t.overview.allWell}</b> <span class="muted">{t.overview.summary(view.totals.workers, view.totals.started)}</span>
        </p>
      </section>
    )
  }
  return (
    <section class="alerts" aria-label={t.overview.verdict}>
      {alerts.map((alert) => (
        <Alert key={`${alert.kind}${alert.queue}${alert.worker}`} alert={alert} />
      ))}
    </section>
  )
}

function Alert({ alert }: { alert: AlertView }): JSX.Element {
  const { kind, level, queue, worker } = alert
  return (
    <div class={`verdict ${level}`} data-alert={kind}>
      <i aria-hidden="true">!</i>
      <p>
        <b>{alertText(alert)}</b> {kind === 'no-worker' && queue !== null && <code>rqts worker {queue}</code>}
      </p>
      {queue !== null && (
        <a href={href('jobs', [], { q: `queue:${quoted(queue)} state:${kind === 'failing' ? 'failed' : 'waiting'}` })}>{t.overview.show}</a>
      )}
      {worker !== null && <a href={href('workers', [], { worker })}>{t.overview.show}</a>}
      {kind === 'redis' && <a href={href('redis')}>{t.overview.show}</a>}
      {kind === 'schedules-late' && <a href={href('schedules')}>{t.overview.show}</a>}
    </div>
  )
}

/** In the person's language where the kind is known and its facts are there, else as the server said it. */
function alertText({ kind, text, queue, worker, count: number }: AlertView): string {
  if (kind === 'no-worker' && queue !== null && number !== null) return t.alerts.noWorker(queue, count(number))
  if (kind === 'queue-paused' && queue !== null) return t.alerts.paused(queue, count(number ?? 0))
  if (kind === 'failing' && queue !== null && number !== null) return t.alerts.failing(queue, count(number))
  if (kind === 'schedules-late') return t.alerts.late
  if (kind === 'worker-lost' && worker !== null) return t.alerts.lost(worker, number ?? 0)
  return text
}

function Tiles({ view }: { view: OverviewView }): JSX.Element {
  const { totals } = view
  const search = (state: string): string => href('jobs', [], { q: `state:${state}` })
  return (
    <div class="tiles">
      <Tile name={t.columns.waiting} value={shortCount(totals.queued)} to={search('waiting')} hint={oldestHint(totals.oldestMs)} />
      <Tile
        name={t.columns.running}
        value={shortCount(totals.started)}
        to={search('started')}
        hint={t.overview.ofSlots(count(totals.slots))}
      />
      <Tile name={t.columns.scheduled} value={shortCount(totals.scheduled)} to={search('scheduled')} hint={t.overview.later} />
      <Tile
        name={t.columns.failed}
        value={shortCount(totals.failed)}
        to={href('errors')}
        tone={totals.failed > 0 ? 'bad' : ''}
        hint={t.overview.perMinute(shortCount(totals.failedPerMinute))}
      />
      <Tile
        name={t.overview.rate}
        value={shortCount(totals.finishedPerMinute)}
        to={search('finished')}
        hint={t.overview.p95(duration(totals.runP95Ms))}
      />
      <Tile
        name={t.nav.workers}
        value={count(totals.workers)}
        to={href('workers')}
        tone={totals.workers === 0 ? 'bad' : ''}
        hint={totals.lostWorkers > 0 ? t.overview.lost(count(totals.lostWorkers)) : t.overview.slots(count(totals.slots))}
      />
    </div>
  )
}

function oldestHint(oldestMs: number | null): string {
  return oldestMs === null ? t.overview.noneWaits : t.overview.oldest(duration(oldestMs))
}

interface TileProps {
  name: string
  value: string
  hint: string
  to: string
  tone?: string
}

function Tile({ name, value, hint, to, tone = '' }: TileProps): JSX.Element {
  return (
    <a class={`tile ${tone}`} href={to}>
      <span class="tile-name">{name}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-hint">{hint}</span>
    </a>
  )
}
