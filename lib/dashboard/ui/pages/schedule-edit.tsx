import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ScheduleDetailView } from '../../contract.ts'
import { act } from '../actions.ts'
import { post } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Button } from '../parts/basic.tsx'
import { Dialog } from '../parts/dialog.tsx'

interface EditProps {
  schedule: ScheduleDetailView
  onClose(): void
  onDone(): void
}

/** What can be typed in a line. A program that registers the schedule at its start brings its own version back, and the dialog says so. */
export function ScheduleEdit({ schedule: shown, onClose, onDone }: EditProps): JSX.Element {
  // As it was when the dialog was opened: what changes meanwhile is not changed back by who has not touched it.
  const [schedule] = useState(shown)
  const { name, trigger, args } = schedule
  const original = JSON.stringify(args.value, null, 2)
  const [rhythm, setRhythm] = useState(schedule.expression)
  const [tz, setTz] = useState(schedule.tz)
  const [queue, setQueue] = useState(schedule.queue)
  const [text, setText] = useState(original)
  const list = parse(text)
  const fixed = trigger !== 'cron' && trigger !== 'every'
  const hidden = args.redacted || args.truncated
  const send = async (): Promise<void> => {
    const body = {
      name,
      ...(rhythm !== schedule.expression && (trigger === 'cron' ? { cron: rhythm } : { every: rhythm })),
      ...(tz !== schedule.tz && { tz }),
      ...(queue !== schedule.queue && { queue }),
      ...(text !== original && list !== undefined && { args: list }),
    }
    if (!(await act(() => post('POST /schedule/edit', body), t.schedules.saved(name)))) return
    onClose()
    onDone()
  }
  return (
    <Dialog title={`${t.schedules.edit}: ${name}`} onClose={onClose} wide>
      <p class="notice plain">{t.schedules.editNote}</p>
      {!fixed && <Line name={trigger === 'cron' ? 'cron' : t.schedules.every} value={rhythm} onChange={setRhythm} />}
      {trigger === 'cron' && <Line name={t.schedules.tz} value={tz} onChange={setTz} />}
      <Line name={t.columns.queue} value={queue} onChange={setQueue} />
      {!hidden && (
        <label class="field">
          <span>{t.job.argsJson}</span>
          <textarea class="code" rows={5} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
          {list === undefined && <span class="bad-text">{t.job.badJson}</span>}
        </label>
      )}
      <div class="dialog-actions">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button kind="primary" disabled={list === undefined && !hidden} onClick={send}>
          {t.save}
        </Button>
      </div>
    </Dialog>
  )
}

function Line({ name, value, onChange }: { name: string; value: string; onChange(value: string): void }): JSX.Element {
  return (
    <label class="field">
      <span>{name}</span>
      <input value={value} spellcheck={false} onInput={(event) => onChange(event.currentTarget.value)} />
    </label>
  )
}

function parse(text: string): unknown[] | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
