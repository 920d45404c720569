import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ScheduleDetailView, ScheduleView } from '../../contract.ts'
import { get } from '../api.ts'
import { duration, moment } from '../format.ts'
import { t, wordFor } from '../i18n/index.ts'
import { useLoaded } from '../load.ts'
import { Action, Card, Fact, Failure, When } from '../parts/basic.tsx'
import { Json } from '../parts/json.tsx'
import { removeSchedule, ScheduleActions } from './schedule-actions.tsx'
import { ScheduleEdit } from './schedule-edit.tsx'
import { LastRun } from './schedule-run.tsx'

export function ScheduleDetail({ schedule, reload }: { schedule: ScheduleView; reload(): void }): JSX.Element {
  const { name, lastRun, nextRunAt, updatedAt, state } = schedule
  const loaded = useLoaded(
    (signal) => get('GET /schedule', { name }, signal),
    [name, lastRun?.id, lastRun?.outcome, nextRunAt, updatedAt, state],
  )
  return (
    <Card title={name} extra={<ScheduleActions schedule={schedule} reload={reload} />} class="schedule">
      <Failure error={loaded.error} onRetry={loaded.reload} />
      {loaded.data !== undefined && <Details schedule={loaded.data} reload={reload} />}
    </Card>
  )
}

function Details({ schedule, reload }: { schedule: ScheduleDetailView; reload(): void }): JSX.Element {
  const [editing, setEditing] = useState(false)
  return (
    <>
      <div class="columns">
        <section>
          <h3>{t.schedules.nextRuns}</h3>
          {schedule.next.length === 0 ? (
            <p class="muted">{t.schedules.noNext}</p>
          ) : (
            <ol class="plain-list">
              {schedule.next.map((at) => (
                <li key={at}>
                  {moment(at)}{' '}
                  <span class="muted">
                    <When at={at} />
                  </span>
                </li>
              ))}
            </ol>
          )}
        </section>
        <section>
          <h3>{t.schedules.history}</h3>
          {schedule.history.length === 0 && <p class="muted">{t.schedules.never}</p>}
          <ol class="plain-list history">
            {schedule.history.map((run) => (
              <li key={`${run.id}${run.firedAt}`} data-outcome={run.outcome}>
                <LastRun run={run} />
              </li>
            ))}
          </ol>
        </section>
        <section>
          <h3>{t.job.args}</h3>
          <Json value={schedule.args.value} />
          <ScheduleFacts schedule={schedule} />
        </section>
      </div>
      <div class="row-actions">
        <Action small onClick={() => setEditing(true)}>
          {t.schedules.edit}
        </Action>
        <Action small kind="danger" onClick={() => removeSchedule(schedule, reload)}>
          {t.schedules.remove}
        </Action>
      </div>
      {editing && <ScheduleEdit schedule={schedule} onClose={() => setEditing(false)} onDone={reload} />}
    </>
  )
}

function ScheduleFacts({ schedule }: { schedule: ScheduleDetailView }): JSX.Element {
  const { overlap, misfire, jitterMs, startAt, endAt, limit } = schedule
  return (
    <dl class="facts small">
      <Fact name={t.schedules.overlap}>{wordFor(t.schedules.overlaps, overlap)}</Fact>
      <Fact name={t.schedules.misfire}>{wordFor(t.schedules.misfires, misfire)}</Fact>
      {jitterMs > 0 && <Fact name={t.schedules.jitter}>{duration(jitterMs)}</Fact>}
      {startAt !== null && <Fact name={t.schedules.startAt}>{moment(startAt)}</Fact>}
      {endAt !== null && <Fact name={t.schedules.endAt}>{moment(endAt)}</Fact>}
      {limit !== null && <Fact name={t.schedules.limit}>{limit}</Fact>}
    </dl>
  )
}
