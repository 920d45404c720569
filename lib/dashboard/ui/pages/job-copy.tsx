import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { JobDetailView } from '../../contract.ts'
import { act } from '../actions.ts'
import { post } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Button } from '../parts/basic.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { go, href } from '../router.ts'
import { ArgumentForm, formOf } from './schema-form.tsx'

/** A new job like this one, with other arguments. Redacted or cut ones cannot be edited: nobody saw all of them. */
export function CopyDialog({ job: shown, onClose }: { job: JobDetailView; onClose(): void }): JSX.Element {
  const [job] = useState(shown)
  const { args, id, queue } = job
  const editable = !args.redacted && !args.truncated && Array.isArray(args.value)
  const original = editable ? (args.value as unknown[]) : []
  const [text, setText] = useState(JSON.stringify(original, null, 2))
  const [target, setTarget] = useState(queue)
  const parsed = parse(text)
  const fields = editable ? formOf(job.schema) : undefined
  const open = useRef(true)
  useLayoutEffect(() => () => void (open.current = false), [])
  const send = async (): Promise<void> => {
    const changed = editable && text !== JSON.stringify(original, null, 2)
    const body = { id, queue, ...(changed && { args: parsed! }), ...(target !== queue && { targetQueue: target }) }
    const done = await act(async () => {
      const made = await post('POST /job/copy', body)
      // Who has closed the dialog meanwhile stays where they are.
      if (open.current) go(href('job', [made.queue, made.id]))
    }, t.job.copied)
    if (done) onClose()
  }
  return (
    <Dialog title={t.job.editCopy} onClose={onClose} wide>
      {!editable && <p class="notice warn">{t.job.notEditable}</p>}
      {fields !== undefined && parsed !== undefined && (
        <ArgumentForm fields={fields} values={parsed} onChange={(values) => setText(JSON.stringify(values, null, 2))} />
      )}
      {editable && (
        <label class="field">
          <span>{t.job.argsJson}</span>
          <textarea
            class="code"
            rows={10}
            spellcheck={false}
            value={text}
            aria-invalid={parsed === undefined}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          {parsed === undefined && <span class="bad-text">{t.job.badJson}</span>}
        </label>
      )}
      <label class="field">
        <span>{t.columns.queue}</span>
        <input value={target} onInput={(event) => setTarget(event.currentTarget.value.trim())} />
      </label>
      <div class="dialog-actions">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button kind="primary" disabled={parsed === undefined || target === ''} onClick={send}>
          {t.job.enqueue}
        </Button>
      </div>
    </Dialog>
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
