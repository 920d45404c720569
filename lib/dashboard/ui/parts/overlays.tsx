import type { JSX } from 'preact'
import { act, dismissToast, question, toasts } from '../actions.ts'
import { post } from '../api.ts'
import { count } from '../format.ts'
import { t } from '../i18n/index.ts'
import { bulks, dismissBulk } from '../live.ts'
import { useCell } from '../store.ts'
import { Action, Bar, Button } from './basic.tsx'
import { Dialog } from './dialog.tsx'

export function Overlays(): JSX.Element {
  return (
    <>
      <Question />
      <div class="corner">
        <Bulks />
        <Toasts />
      </div>
    </>
  )
}

function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {useCell(toasts).map(({ id, kind, text }) => (
        <div key={id} class={`toast ${kind}`}>
          <span>{text}</span>
          <Button small kind="ghost" label={t.close} onClick={() => dismissToast(id)}>
            ×
          </Button>
        </div>
      ))}
    </div>
  )
}

function Question(): JSX.Element | null {
  const asked = useCell(question)
  if (asked === undefined) return null
  return (
    <Dialog title={asked.title} role="alertdialog" onClose={() => asked.answer(false)}>
      <p>{asked.text}</p>
      <div class="dialog-actions">
        <Button onClick={() => asked.answer(false)}>{t.cancel}</Button>
        <Button kind={asked.danger === true ? 'danger' : 'primary'} onClick={() => asked.answer(true)}>
          {asked.action}
        </Button>
      </div>
    </Dialog>
  )
}

/** What runs in the server for many jobs, whoever started it. */
function Bulks(): JSX.Element {
  return (
    <>
      {useCell(bulks).map((bulk) => (
        <div key={bulk.id} class="bulk" role="status" data-state={bulk.state}>
          <p>
            <b>{t.bulk.title(t.actions[bulk.action])}</b> {t.bulk.progress(count(bulk.done), count(bulk.total))}
            {bulk.failed > 0 && <span class="bad-text"> · {t.bulk.left(count(bulk.failed))}</span>}
            {bulk.state !== 'running' && <span> · {t.bulk.states[bulk.state]}</span>}
          </p>
          <Bar value={bulk.done + bulk.failed} max={bulk.total} label={t.bulk.title(t.actions[bulk.action])} />
          {bulk.problems[0] !== undefined && <p class="muted">{t.leftAlone(bulk.problems[0])}</p>}
          {bulk.state === 'running' ? (
            <Action small onClick={() => act(() => post('POST /bulk/abort', { id: bulk.id }))}>
              {t.bulk.abort}
            </Action>
          ) : (
            <Button small onClick={() => dismissBulk(bulk.id)}>
              {t.close}
            </Button>
          )}
        </div>
      ))}
    </>
  )
}
