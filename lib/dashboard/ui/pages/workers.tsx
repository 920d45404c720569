import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { WorkerView } from '../../contract.ts'
import { bytes, count, duration, shortId } from '../format.ts'
import { t } from '../i18n/index.ts'
import { overview } from '../live.ts'
import { Action, Bar, Card, Empty, Fact, StateBadge, When } from '../parts/basic.tsx'
import { href, setQuery } from '../router.ts'
import { useCell } from '../store.ts'
import { Concurrency, pause, resume, stop } from './workers-actions.tsx'

/** Beyond, the page filters by what is typed and says how many there are. */
const SHOWN = 100

export function Workers({ query }: { query: Readonly<Record<string, string>> }): JSX.Element {
  const view = useCell(overview)
  const words = (query['q'] ?? '').toLowerCase()
  const chosen = query['worker']
  if (view === undefined) return <p class="muted">{t.loading}</p>
  const fitting = view.workers
    .filter((worker) => fits(worker, words))
    .sort((a, b) => rank(a, chosen) - rank(b, chosen) || (a.name < b.name ? -1 : 1))
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t.nav.workers}</h1>
        <p class="found">
          <b>{count(view.totals.workers)}</b> {t.workers.live} · {t.workers.slotsUsed(count(view.totals.started), count(view.totals.slots))}
          {view.totals.lostWorkers > 0 && <span class="bad-text"> · {t.overview.lost(count(view.totals.lostWorkers))}</span>}
        </p>
        <input
          type="search"
          class="filter"
          value={query['q'] ?? ''}
          placeholder={t.workers.filter}
          aria-label={t.workers.filter}
          onInput={(event) => setQuery({ q: event.currentTarget.value }, 'replace')}
        />
      </div>
      {view.workers.length === 0 && <Empty title={t.workers.none} text={t.workers.noneText} command="rqts worker" />}
      <div class="workers">
        {fitting.slice(0, SHOWN).map((worker) => (
          <WorkerCard key={worker.name} worker={worker} chosen={worker.name === chosen} />
        ))}
      </div>
      {fitting.length > SHOWN && <p class="muted">{t.workers.more(count(fitting.length - SHOWN))}</p>}
    </div>
  )
}

function fits({ name, host, queues, state, jobs }: WorkerView, words: string): boolean {
  const text = `${name} ${host} ${queues.join(' ')} ${state} ${jobs.map(({ task }) => task).join(' ')}`
  return text.toLowerCase().includes(words)
}

/** The one asked for, then those that are lost. Nothing that comes and goes: cards must not move away under the hand. */
function rank({ name, state }: WorkerView, chosen: string | undefined): number {
  if (name === chosen) return -1
  return state === 'lost' ? 0 : 1
}

function WorkerCard({ worker, chosen }: { worker: WorkerView; chosen: boolean }): JSX.Element {
  const card = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: 'center' })
  }, [chosen])
  const { name, state, jobs, concurrency } = worker
  return (
    <div ref={card} data-worker={name}>
      <Card class={`worker ${state} ${chosen ? 'chosen' : ''}`}>
        <header class="worker-head">
          <h2>{name}</h2>
          <StateBadge state={state} />
          <span class="row-actions">{state !== 'lost' && <WorkerActions worker={worker} />}</span>
        </header>
        {state === 'lost' && <p class="notice bad">{t.workers.lostText(duration(worker.heartbeatAgeMs), jobs.length)}</p>}
        <div class="slots">
          <Bar value={jobs.length} max={concurrency} label={t.workers.slots} />
          <span>
            {jobs.length}/{concurrency}
          </span>
          {state !== 'lost' && <Concurrency worker={worker} />}
        </div>
        <Current worker={worker} />
        <WorkerFacts worker={worker} />
      </Card>
    </div>
  )
}

function WorkerActions({ worker }: { worker: WorkerView }): JSX.Element {
  const { state } = worker
  return (
    <>
      {state === 'paused' ? (
        <Action key="resume" small onClick={() => resume(worker)}>
          {t.resume}
        </Action>
      ) : (
        <Action key="pause" small disabled={state === 'stopping'} onClick={() => pause(worker)}>
          {t.pause}
        </Action>
      )}
      <Action small kind="danger" onClick={() => stop(worker)}>
        {t.workers.stop}
      </Action>
    </>
  )
}

function Current({ worker: { jobs, state } }: { worker: WorkerView }): JSX.Element {
  if (jobs.length === 0) return <p class="muted current">{t.workers.nothing}</p>
  return (
    <ul class="current">
      {jobs.map(({ id, queue, task, elapsedMs }) => (
        <li key={`${queue}/${id}`}>
          <a class="name" href={href('job', [queue, id])}>
            {task ?? shortId(id)}
          </a>
          <code class="id">{shortId(id)}</code>
          <b class="number">{state === 'lost' ? t.states.lost : duration(elapsedMs)}</b>
        </li>
      ))}
    </ul>
  )
}

function WorkerFacts({ worker }: { worker: WorkerView }): JSX.Element {
  return (
    <dl class="facts small">
      <Fact name={t.workers.queues}>{worker.queues.join(', ')}</Fact>
      <Fact name={t.workers.host}>
        {worker.host} · {worker.pid}
        {worker.pids.length > 0 && ` (${worker.pids.join(', ')})`}
      </Fact>
      <Fact name={t.workers.pool}>{worker.pool}</Fact>
      <Fact name={t.workers.memory}>{bytes(worker.memory)}</Fact>
      <Fact name={t.workers.heartbeat}>{duration(worker.heartbeatAgeMs)}</Fact>
      <Fact name={t.workers.done}>
        {count(worker.succeeded)}
        {worker.failed > 0 && <span class="bad-text"> · {t.workers.failed(count(worker.failed))}</span>}
      </Fact>
      <Fact name={t.workers.versions}>
        rqts {worker.version} · Node {worker.node.replace(/^v/, '')}
      </Fact>
      <Fact name={t.workers.started}>
        <When at={worker.startedAt} />
      </Fact>
      {worker.tasks.length > 0 && (
        <Fact name={t.workers.tasks} wide>
          {worker.tasks.join(', ')}
        </Fact>
      )}
    </dl>
  )
}
