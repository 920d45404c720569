import type { JSX } from 'preact'
import type { ScheduleView } from '../../contract.ts'
import { act, confirm } from '../actions.ts'
import { post } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Action } from '../parts/basic.tsx'

export function ScheduleActions({ schedule, reload }: { schedule: ScheduleView; reload(): void }): JSX.Element {
  const { name, state } = schedule
  const run = async (work: () => Promise<unknown>, done: string): Promise<void> => {
    if (await act(work, done)) reload()
  }
  return (
    <span class="row-actions">
      <Action small onClick={() => run(() => post('POST /schedule/run', { name }), t.schedules.started(name))}>
        {t.schedules.runNow}
      </Action>
      {state === 'active' && (
        <>
          <Action small kind="ghost" onClick={() => run(() => post('POST /schedule/skip', { name }), t.schedules.skipped(name))}>
            {t.schedules.skip}
          </Action>
          <Action small kind="ghost" onClick={() => run(() => post('POST /schedule/pause', { name }), t.schedules.pausedDone(name))}>
            {t.pause}
          </Action>
        </>
      )}
      {state === 'paused' && (
        <Action small onClick={() => run(() => post('POST /schedule/resume', { name }), t.schedules.resumed(name))}>
          {t.resume}
        </Action>
      )}
    </span>
  )
}

export async function removeSchedule({ name }: ScheduleView, reload: () => void): Promise<void> {
  const question = { title: t.schedules.removeTitle(name), text: t.schedules.removeText, action: t.schedules.remove, danger: true }
  if ((await confirm(question)) && (await act(() => post('POST /schedule/remove', { name }), t.schedules.removed(name)))) reload()
}
