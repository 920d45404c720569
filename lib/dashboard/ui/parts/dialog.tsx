import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

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
  const close = useRef(onClose)
  close.current = onClose
  useLayoutEffect(() => {
    const opened = dialog.current!
    opened.showModal()
    // A second Escape closes it without asking first.
    const closed = (): void => close.current()
    opened.addEventListener('close', closed)
    return () => {
      opened.removeEventListener('close', closed)
      opened.close()
    }
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
