import type { JSX } from 'preact'
import type { JobDetailView } from '../../contract.ts'
import { duration } from '../format.ts'
import { t } from '../i18n/index.ts'
import { Card, Fact, When } from '../parts/basic.tsx'
import { quoted } from '../parts/palette.tsx'
import { href } from '../router.ts'

export function Facts({ job }: { job: JobDetailView }): JSX.Element {
  return (
    <Card title={t.job.options}>
      <dl class="facts">
        <Fact name={t.job.description}>{job.description}</Fact>
        <Fact name={t.columns.attempts}>
          {job.attempt}/{job.maxAttempts}
        </Fact>
        <Fact name={t.columns.waited}>{duration(job.waitedMs)}</Fact>
        <Fact name={t.columns.ran}>{duration(job.ranMs)}</Fact>
        {job.worker !== null && (
          <Fact name={t.columns.worker}>
            <a href={href('workers', [], { worker: job.worker })}>{job.worker}</a>
          </Fact>
        )}
        {job.runAt !== null && (
          <Fact name={t.job.runAt}>
            <When at={job.runAt} />
          </Fact>
        )}
        {job.workflow !== null && (
          <Fact name={t.job.workflow}>
            <a href={href('jobs', [], { q: `workflow:${quoted(job.workflow)}` })}>{job.workflow}</a>
          </Fact>
        )}
        <Fact name={t.job.timeout}>{duration(job.timeoutMs)}</Fact>
        {job.ttlMs !== null && <Fact name={t.job.ttl}>{duration(job.ttlMs)}</Fact>}
        <Fact name={t.job.resultTtl}>{duration(job.resultTtlMs)}</Fact>
        <Fact name={t.job.failureTtl}>{duration(job.failureTtlMs)}</Fact>
        {job.retry !== null && (
          <Fact name={t.job.retry}>
            <code>{JSON.stringify(job.retry)}</code>
          </Fact>
        )}
      </dl>
    </Card>
  )
}
