import type { JSX } from 'preact'
import type { FindingView, RedisView } from '../../contract.ts'
import { get } from '../api.ts'
import { bytes, count, duration } from '../format.ts'
import { t } from '../i18n/index.ts'
import { useLoaded } from '../load.ts'
import { Bar, Card, Fact, Failure, When } from '../parts/basic.tsx'
import { Table } from '../parts/table.tsx'

const REFRESH_MS = 5_000

export function Redis(): JSX.Element {
  const { data, error, reload } = useLoaded((signal) => get('GET /redis', undefined, signal), [], REFRESH_MS)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t.nav.redis}</h1>
        {data !== undefined && (
          <p class="found">
            {data.product} {data.version} · {data.mode} · <code>{data.url}</code>
          </p>
        )}
      </div>
      <Failure error={error} onRetry={reload} />
      {data !== undefined && (
        <>
          <Findings findings={data.findings} />
          <Server view={data} />
          <Keys keys={data.keys} />
          <SlowLog slowlog={data.slowlog} />
        </>
      )}
    </div>
  )
}

const ORDER = { bad: 0, warn: 1, ok: 2 }

/** What `rqts doctor` finds, worst first. */
function Findings({ findings }: { findings: readonly FindingView[] }): JSX.Element {
  return (
    <Card title={t.redis.findings}>
      <ul class="findings">
        {findings
          .toSorted((a, b) => ORDER[a.level] - ORDER[b.level])
          .map((finding) => (
            <FindingLine key={finding.check + finding.found} finding={finding} />
          ))}
      </ul>
    </Card>
  )
}

function FindingLine({ finding }: { finding: FindingView }): JSX.Element {
  const { level, what } = finding
  const { check, found, remedy } = t.finding(finding)
  return (
    <li class={level} data-finding={what}>
      <i role="img" aria-label={t.redis.levels[level]}>
        {level === 'ok' ? '✓' : '!'}
      </i>
      <div>
        <b>{check}</b> <span>{found}</span>
        {remedy !== null && <p class="muted">{remedy}</p>}
      </div>
    </li>
  )
}

function Server({ view }: { view: RedisView }): JSX.Element {
  const { usedMemory, maxMemory } = view
  return (
    <Card title={t.redis.server}>
      {maxMemory > 0 && (
        <div class="progress">
          <Bar value={usedMemory} max={maxMemory} label={t.redis.memory} tone={usedMemory > maxMemory * 0.9 ? 'bad' : 'accent'} />
          <b>{Math.round((usedMemory / maxMemory) * 100)} %</b>
        </div>
      )}
      <dl class="facts">
        <Fact name={t.redis.memory}>{bytes(usedMemory)}</Fact>
        <Fact name={t.redis.limit}>{maxMemory === 0 ? t.redis.noLimit : bytes(maxMemory)}</Fact>
        <Fact name={t.redis.peak}>{bytes(view.peakMemory)}</Fact>
        <Fact name={t.redis.fragmentation}>{view.fragmentation ?? '–'}</Fact>
        <Fact name={t.redis.policy}>{view.evictionPolicy}</Fact>
        <Fact name={t.redis.persistence}>
          {t.redis.kept[view.persistence]}
          {view.persistence === 'snapshots' && <code> {view.save}</code>}
        </Fact>
        <Fact name={t.redis.clients}>{count(view.clients)}</Fact>
        <Fact name={t.redis.ops}>{count(view.opsPerSecond)}</Fact>
        <Fact name={t.redis.uptime}>{duration(view.uptimeMs)}</Fact>
      </dl>
    </Card>
  )
}

function Keys({ keys }: { keys: RedisView['keys'] }): JSX.Element | null {
  if (keys.length === 0) return null
  return (
    <Card title={t.redis.keys} class="flush">
      <Table
        label={t.redis.keys}
        rows={keys}
        id={({ queue }) => queue}
        columns={[
          { key: 'queue', title: t.columns.queue, wide: true, cell: ({ queue }) => queue },
          { key: 'jobs', title: t.nav.jobs, right: true, cell: ({ jobs }) => count(jobs) },
          { key: 'waiting', title: t.columns.waiting, right: true, cell: ({ waiting }) => count(waiting) },
          { key: 'retained', title: t.redis.retained, right: true, cell: ({ retained }) => count(retained) },
        ]}
      />
    </Card>
  )
}

function SlowLog({ slowlog }: { slowlog: RedisView['slowlog'] }): JSX.Element {
  return (
    <Card title={t.redis.slowlog} class="flush">
      {slowlog.length === 0 ? (
        <p class="muted pad">{t.redis.noSlow}</p>
      ) : (
        <Table
          label={t.redis.slowlog}
          rows={slowlog}
          id={({ id }) => String(id)}
          columns={[
            { key: 'command', title: t.redis.command, wide: true, cell: ({ command }) => <code class="clip">{command}</code> },
            { key: 'took', title: t.redis.took, right: true, cell: ({ tookMs }) => duration(tookMs) },
            { key: 'at', title: t.columns.when, right: true, cell: ({ at }) => <When at={at} /> },
          ]}
        />
      )}
    </Card>
  )
}
