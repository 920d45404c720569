import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface DialogProps {
  title: string
  children: ComponentChildren
  onClose(): void
  wide?: boolean
  /** Of an alert: read out at once. */
  role?: 'alertdialog'
}

/** The browser's own dialog: it keeps the focus, closes on Escape and gives the focus back. */
export function Dialog({ title, children, onClose, wide, role }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const opened = dialog.current!
    opened.showModal()
    return () => opened.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      class={wide === true ? 'wide' : ''}
      role={role}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div class="dialog-body">
        <h2>{title}</h2>
        {children}
      </div>
    </dialog>
  )
}
