import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { JobRow, JobsReply } from '../../contract.ts'
import { get } from '../api.ts'
import { count } from '../format.ts'
import { t } from '../i18n/index.ts'
import { useKeys } from '../keys.ts'
import { useLoaded } from '../load.ts'
import { Button, Empty, Failure } from '../parts/basic.tsx'
import { Table } from '../parts/table.tsx'
import { go, href, setQuery } from '../router.ts'
import { requeueSelected, SelectionBar } from './jobs-bulk.tsx'
import { jobColumns } from './jobs-columns.tsx'
import { SearchBox, StateTabs } from './jobs-search.tsx'

const PAGE_SIZE = 25
const REFRESH_MS = 3_000

/**
 * The address holds where each page so far began, the last one being shown: so that one step back is as cheap as one forth, also for whom this
 * address was sent to.
 */
const wayOf = (text: string): string[] => text.split('-').filter((cursor) => cursor !== '')

export const jobKey = ({ queue, id }: { queue: string; id: string }): string => `${queue}/${id}`

export function Jobs({ query }: { query: Readonly<Record<string, string>> }): JSX.Element {
  const q = query['q'] ?? ''
  const way = query['cursor'] ?? ''
  const cursor = wayOf(way).at(-1) ?? ''
  const { data, error, loading, reload } = useLoaded(
    async (signal) => ({
      q,
      way,
      reply: await get('GET /jobs', { q, limit: PAGE_SIZE, ...(cursor !== '' && { cursor }) }, signal),
    }),
    [q, way],
    REFRESH_MS,
  )
  return (
    <div class="page" aria-busy={loading && data === undefined}>
      <div class="page-head">
        <h1>{t.nav.jobs}</h1>
        {data !== undefined && <Found reply={data.reply} />}
      </div>
      <SearchBox q={q} />
      <StateTabs q={q} />
      <Failure error={error} onRetry={reload} />
      {/* What is shown belongs to the search that found it, until the next one has: what is done with "all" is done with those. */}
      {data !== undefined && <Listing key={`${data.q} ${data.way}`} reply={data.reply} q={data.q} way={wayOf(data.way)} reload={reload} />}
    </div>
  )
}

function Found({ reply }: { reply: JobsReply }): JSX.Element {
  const { total, exact, complete, searched, problems } = reply
  return (
    <p class="found" role="status">
      <b data-total={total}>{count(total)}</b> {exact ? t.jobs.matching : t.jobs.found}
      {!exact && searched > 0 && (
        <span class="muted"> · {complete ? t.jobs.searched(count(searched)) : t.jobs.bounded(count(searched))}</span>
      )}
      {problems.map((problem) => (
        <span key={problem.text} class="warn-text">
          {' '}
          · {t.searchProblem(problem)}
        </span>
      ))}
    </p>
  )
}

interface ListingProps {
  reply: JobsReply
  q: string
  way: readonly string[]
  reload(): void
}

function Listing({ reply, q, way, reload }: ListingProps): JSX.Element {
  const { jobs, next } = reply
  const first = way.length === 0
  const [selected, setSelected] = useState<ReadonlyMap<string, JobRow>>(new Map())
  const [whole, setWhole] = useState(false)
  const [cursor, setCursor] = useState<string>()
  const toggle = (id: string): void => {
    const job = jobs.find((one) => jobKey(one) === id)
    setSelected((old) => {
      const changed = new Map(old)
      if (!changed.delete(id) && job !== undefined) changed.set(id, job)
      return changed
    })
  }
  const move = (by: number): void => {
    const at = jobs.findIndex((job) => jobKey(job) === cursor)
    const target = jobs[at < 0 ? 0 : Math.min(jobs.length - 1, Math.max(0, at + by))]
    if (target !== undefined) setCursor(jobKey(target))
  }
  const current = jobs.find((job) => jobKey(job) === cursor)
  const clear = (): void => {
    setWhole(false)
    setSelected(new Map())
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => current && toggle(jobKey(current)),
    r: () => void requeueSelected(selected.size > 0 ? [...selected.values()] : current ? [current] : [], clear, reload),
    Escape: clear,
    ...(current !== undefined && { Enter: () => open(current) }),
  })
  // A job that has left the list cannot be acted on unseen.
  useEffect(() => setSelected((old) => new Map(jobs.filter((job) => old.has(jobKey(job))).map((job) => [jobKey(job), job]))), [jobs])
  return (
    <>
      <SelectionBar
        {...{ reply, q, selected, whole, clear, reload }}
        onPage={() => setSelected(new Map(jobs.map((job) => [jobKey(job), job])))}
        onWhole={() => setWhole(true)}
      />
      {jobs.length === 0 ? (
        <NothingFound q={q} first={first} />
      ) : (
        <Table
          label={t.nav.jobs}
          columns={jobColumns()}
          rows={jobs}
          id={jobKey}
          cursor={cursor}
          selected={new Set(selected.keys())}
          onSelect={toggle}
          onOpen={open}
        />
      )}
      <Paging way={way} next={next} />
    </>
  )
}

function Paging({ way, next }: { way: readonly string[]; next: string | null }): JSX.Element {
  const turnTo = (to: readonly string[]): void => setQuery({ cursor: to.join('-') })
  return (
    <nav class="paging" aria-label={t.jobs.paging}>
      {way.length > 0 && <Button onClick={() => turnTo([])}>{t.jobs.firstPage}</Button>}
      {way.length > 0 && <Button onClick={() => turnTo(way.slice(0, -1))}>{t.jobs.previous}</Button>}
      {next !== null && <Button onClick={() => turnTo([...way, next])}>{t.jobs.next}</Button>}
    </nav>
  )
}

function open({ queue, id }: JobRow): void {
  go(href('job', [queue, id]))
}

function NothingFound({ q, first }: { q: string; first: boolean }): JSX.Element {
  if (q === '' && first) return <Empty title={t.jobs.none} text={t.jobs.noneText} command="rqts enqueue TASK ARG…" />
  return <Empty title={t.jobs.noMatch} text={t.jobs.noMatchText} />
}
