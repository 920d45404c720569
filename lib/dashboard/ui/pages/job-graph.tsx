import type { JSX } from 'preact'
import type { JobDetailView } from '../../contract.ts'
import { get } from '../api.ts'
import { t } from '../i18n/index.ts'
import { useLoaded } from '../load.ts'
import { Card, Failure } from '../parts/basic.tsx'
import { Graph } from '../parts/graph.tsx'

const REFRESH_MS = 3_000

/** Only for a job that hangs together with others. */
export function Dependencies({ job }: { job: JobDetailView }): JSX.Element | null {
  return job.dependencies.length + job.dependents.length === 0 && job.workflow === null ? null : <Loaded job={job} />
}

function Loaded({ job }: { job: JobDetailView }): JSX.Element {
  const { id, queue, state } = job
  const { data, error, reload } = useLoaded((signal) => get('GET /job/graph', { id, queue }, signal), [id, queue, state], REFRESH_MS)
  return (
    <Card title={t.job.dependencies}>
      <Failure error={error} onRetry={reload} />
      {data !== undefined && <Graph graph={data} current={`${queue}/${id}`} />}
    </Card>
  )
}
