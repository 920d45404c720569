import type { JSX } from 'preact'
import type { LimitView, QueueView } from '../../contract.ts'
import { act, confirm } from '../actions.ts'
import { post } from '../api.ts'
import { count, duration, shortCount } from '../format.ts'
import { t } from '../i18n/index.ts'
import { Action, Card } from '../parts/basic.tsx'
import { quoted } from '../parts/palette.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { go, href } from '../router.ts'

export function Queues({ queues }: { queues: readonly QueueView[] }): JSX.Element {
  return (
    <Card title={t.overview.queues} class="flush">
      <Table
        label={t.overview.queues}
        columns={columns()}
        rows={queues}
        id={({ name }) => name}
        tone={({ unserved, paused }) => (unserved ? 'bad' : paused ? 'warn' : undefined)}
        onOpen={({ name }) => go(search(name))}
      />
    </Card>
  )
}

function search(queue: string, state?: string): string {
  return href('jobs', [], { q: `queue:${quoted(queue)}${state === undefined ? '' : ` state:${state}`}` })
}

function columns(): Column<QueueView>[] {
  const number = (
    key: string,
    title: string,
    value: (queue: QueueView) => number,
    state: string,
    hide: Column<QueueView>['hide'] = 0,
  ): Column<QueueView> => ({
    key,
    title,
    right: true,
    hide,
    cell: (queue) => {
      const n = value(queue)
      return (
        <a class={`count ${n === 0 ? 'zero' : ''} ${state === 'failed' && n > 0 ? 'bad-text' : ''}`} href={search(queue.name, state)}>
          {count(n)}
        </a>
      )
    },
  })
  return [
    { key: 'name', title: t.columns.queue, wide: true, cell: name },
    number('waiting', t.columns.waiting, ({ queued }) => queued, 'waiting'),
    { key: 'oldest', title: t.columns.oldest, right: true, hide: 1, cell: ({ oldestMs }) => duration(oldestMs) },
    number('running', t.columns.running, ({ started }) => started, 'started'),
    number('scheduled', t.columns.scheduled, ({ scheduled }) => scheduled, 'scheduled', 2),
    number('failed', t.columns.failed, ({ failed }) => failed, 'failed'),
    { key: 'rate', title: t.columns.perMinute, right: true, hide: 1, cell: ({ finishedPerMinute }) => shortCount(finishedPerMinute) },
    { key: 'p95', title: t.columns.p95, right: true, hide: 2, cell: ({ runP95Ms }) => duration(runP95Ms) },
    { key: 'hour', title: t.columns.lastHour, hide: 2, cell: hour },
    { key: 'workers', title: t.nav.workers, right: true, cell: workers },
    { key: 'actions', title: <span class="sr">{t.columns.actions}</span>, right: true, hide: 1, cell: actions },
  ]
}

function name({ name: queue, paused, limits }: QueueView): JSX.Element {
  return (
    <>
      <a class="name" href={search(queue)}>
        {queue}
      </a>
      {paused && <span class="badge state-paused">{t.states.paused}</span>}
      {limits !== null && (limits.concurrency !== null || limits.rate !== null) && (
        <span class="badge plain" title={t.overview.limits}>
          {limitText(limits)}
        </span>
      )}
      {limits?.tasks.map((limit) => (
        <span key={limit.task} class="badge plain" title={t.overview.limitOf(limit.task)}>
          {limit.task} {limitText(limit)}
        </span>
      ))}
    </>
  )
}

function limitText({ concurrency, rate }: LimitView): string {
  return [concurrency === null ? '' : `≤ ${concurrency}`, rate === null ? '' : `${rate.max}/${duration(rate.perMs)}`]
    .filter((text) => text !== '')
    .join(' · ')
}

function hour({ name: queue, sparkline }: QueueView): JSX.Element {
  return <Sparkline good={sparkline.finished} bad={sparkline.failed} label={t.overview.sparkline(queue)} />
}

function workers({ workers: n, unserved }: QueueView): JSX.Element {
  return unserved ? <span class="loud">{t.overview.noWorker}</span> : <span class={n === 0 ? 'muted' : ''}>{count(n)}</span>
}

function actions(queue: QueueView): JSX.Element {
  const { name: queueName, paused, queued } = queue
  return (
    <span class="row-actions">
      {/* Each an element of its own: a click that was meant for one must not reach the other. */}
      {paused ? (
        <Action
          key="resume"
          small
          onClick={() => act(() => post('POST /queue/resume', { queue: queueName }), t.overview.resumed(queueName))}
        >
          {t.resume}
        </Action>
      ) : (
        <Action
          key="pause"
          small
          onClick={() => act(() => post('POST /queue/pause', { queue: queueName }), t.overview.pausedDone(queueName))}
        >
          {t.pause}
        </Action>
      )}
      <Action small kind="ghost" disabled={queued === 0} onClick={() => empty(queueName, queued)}>
        {t.overview.empty}
      </Action>
    </span>
  )
}

async function empty(queue: string, queued: number): Promise<void> {
  const text = t.overview.emptyText(count(queued), queue)
  if (!(await confirm({ title: t.overview.emptyTitle(queue), text, action: t.overview.empty, danger: true }))) return
  await act(() => post('POST /queue/empty', { queue }), t.overview.emptied(queue))
}
