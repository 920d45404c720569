import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { JobDetailView } from '../../contract.ts'
import { apiUrl, get } from '../api.ts'
import { t } from '../i18n/index.ts'
import { liveLogs } from '../live.ts'
import { Card } from '../parts/basic.tsx'
import { joinLines, LAST_LINES, type Lines } from '../parts/log-lines.ts'

export function Logs({ job }: { job: JobDetailView }): JSX.Element | null {
  const { id, queue, logCount, state } = job
  const [log, setLog] = useState<Lines>({ from: 0, lines: [] })
  useEffect(() => {
    const controller = new AbortController()
    const from = Math.max(0, logCount - LAST_LINES)
    get('GET /job/logs', { id, queue, from }, controller.signal).then(
      (more) => setLog((old) => joinLines(old, more)),
      () => undefined,
    )
    return () => controller.abort()
  }, [id, queue, state])
  useEffect(
    () =>
      liveLogs.listen(() => {
        const more = liveLogs.get()
        if (more?.place === `${queue}/${id}`) setLog((old) => joinLines(old, more))
      }),
    [id, queue],
  )
  return log.lines.length === 0 ? null : <LogCard log={log} download={apiUrl('/job/download', { id, queue, part: 'logs' })} />
}

function LogCard({ log, download }: { log: Lines; download: string }): JSX.Element {
  const box = useRef<HTMLPreElement>(null)
  const atEnd = useRef(true)
  useEffect(() => {
    // Who has scrolled up reads; who has not follows.
    if (atEnd.current) box.current!.scrollTop = box.current!.scrollHeight
  }, [log])
  return (
    <Card
      title={t.job.logs}
      extra={
        <a href={download} download>
          {t.job.download}
        </a>
      }
    >
      <pre
        ref={box}
        class="log"
        role="log"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < 24
        }}
      >
        {log.lines.map((line, i) => (
          <div key={log.from + i}>{line}</div>
        ))}
      </pre>
    </Card>
  )
}
