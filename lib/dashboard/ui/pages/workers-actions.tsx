import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { WorkerView } from '../../contract.ts'
import { act, confirm } from '../actions.ts'
import { post } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Action, Button } from '../parts/basic.tsx'
import { Dialog } from '../parts/dialog.tsx'

export async function pause({ name }: WorkerView): Promise<void> {
  await act(() => post('POST /worker/pause', { name }), t.workers.pausedDone(name))
}

export async function resume({ name }: WorkerView): Promise<void> {
  await act(() => post('POST /worker/resume', { name }), t.workers.resumed(name))
}

export async function stop({ name, jobs }: WorkerView): Promise<void> {
  const question = { title: t.workers.stopTitle(name), text: t.workers.stopText(jobs.length), action: t.workers.stop, danger: true }
  if (await confirm(question)) await act(() => post('POST /worker/stop', { name }), t.workers.stopped(name))
}

export function Concurrency({ worker }: { worker: WorkerView }): JSX.Element {
  const [open, setOpen] = useState(false)
  const [value, setValue] = useState(worker.concurrency)
  const valid = Number.isInteger(value) && value >= 1 && value <= 1_000
  const send = async (): Promise<void> => {
    const body = { name: worker.name, value }
    if (await act(() => post('POST /worker/concurrency', body), t.workers.concurrencyDone(worker.name, value))) setOpen(false)
  }
  return (
    <>
      <Action
        small
        kind="ghost"
        label={t.workers.concurrencyOf(worker.name)}
        onClick={() => {
          setValue(worker.concurrency)
          setOpen(true)
        }}
      >
        ±
      </Action>
      {open && (
        <Dialog title={t.workers.concurrencyOf(worker.name)} onClose={() => setOpen(false)}>
          <label class="field">
            <span>{t.workers.concurrency}</span>
            <input
              type="number"
              min={1}
              max={1_000}
              value={value}
              onInput={(event) => setValue(event.currentTarget.valueAsNumber)}
              onKeyDown={(event) => event.key === 'Enter' && valid && void send()}
            />
          </label>
          <div class="dialog-actions">
            <Button onClick={() => setOpen(false)}>{t.cancel}</Button>
            <Button kind="primary" disabled={!valid} onClick={send}>
              {t.save}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  )
}
