import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { JobState, WorkerState } from '../../contract.ts'
import { copy } from '../actions.ts'
import type { ApiFailure } from '../api.ts'
import { ago, moment } from '../format.ts'
import { t } from '../i18n/index.ts'
import { canWrite } from '../session.ts'
import { useCell } from '../store.ts'

export function StateBadge({ state }: { state: JobState | WorkerState | 'gone' }): JSX.Element {
  return <span class={`badge state-${state}`}>{t.states[state]}</span>
}

interface ButtonProps {
  children: ComponentChildren
  onClick(): unknown
  kind?: 'plain' | 'primary' | 'danger' | 'ghost'
  small?: boolean
  disabled?: boolean
  title?: string
  label?: string
  pressed?: boolean
}

/** Busy until what it started has ended, so that a second click does nothing. */
export function Button({ children, onClick, kind = 'plain', small, disabled, title, label, pressed }: ButtonProps): JSX.Element {
  const [busy, setBusy] = useState(false)
  const click = async (event: Event): Promise<void> => {
    event.stopPropagation()
    setBusy(true)
    try {
      await onClick()
    } finally {
      setBusy(false)
    }
  }
  return (
    <button
      type="button"
      class={`button ${kind}${small === true ? ' small' : ''}`}
      disabled={busy || disabled === true}
      aria-busy={busy}
      aria-label={label}
      aria-pressed={pressed}
      title={title ?? label}
      onClick={(event) => void click(event)}
    >
      {children}
    </button>
  )
}

/** What changes something: not there for who may only look. */
export function Action(props: ButtonProps): JSX.Element | null {
  return useCell(canWrite) ? <Button {...props} /> : null
}

export function CopyButton({ text, label }: { text: string; label: string }): JSX.Element {
  return (
    <Button small kind="ghost" onClick={() => copy(text)} label={label}>
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M5.5 5.5h8v8h-8z M10.5 3.5v-1h-8v8h1" />
      </svg>
    </Button>
  )
}

export function When({ at }: { at: string | null }): JSX.Element {
  return at === null ? (
    <span class="muted">–</span>
  ) : (
    <time dateTime={at} title={moment(at)}>
      {ago(at)}
    </time>
  )
}

/** Nothing to see, and what to run so that there is. */
export function Empty({ title, text, command }: { title: string; text?: string; command?: string }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {text !== undefined && <p class="muted">{text}</p>}
      {command !== undefined && (
        <p class="command">
          <code>{command}</code>
          <CopyButton text={command} label={t.copy} />
        </p>
      )}
    </div>
  )
}

export function Failure({ error, onRetry }: { error: ApiFailure | undefined; onRetry?(): void }): JSX.Element | null {
  if (error === undefined) return null
  return (
    <div class="notice bad" role="alert">
      <span>{error.message}</span>
      {onRetry !== undefined && (
        <Button small onClick={onRetry}>
          {t.tryAgain}
        </Button>
      )}
    </div>
  )
}

export function Card({ title, extra, children, class: more = '' }: CardProps): JSX.Element {
  return (
    <section class={`card ${more}`}>
      {title !== undefined && (
        <header class="card-head">
          <h2>{title}</h2>
          {extra}
        </header>
      )}
      {children}
    </section>
  )
}

interface CardProps {
  title?: ComponentChildren
  extra?: ComponentChildren
  children: ComponentChildren
  class?: string
}

export function Fact({ name, children, wide }: { name: string; children: ComponentChildren; wide?: boolean }): JSX.Element {
  return (
    <div class={wide === true ? 'fact wide' : 'fact'}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** A part of a whole: memory of its limit, running of the slots. */
export function Bar({ value, max, label, tone = 'accent' }: { value: number; max: number; label: string; tone?: string }): JSX.Element {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0
  return (
    <span class={`bar tone-${tone}`} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={max} aria-valuenow={value}>
      <span class="bar-fill" style={{ width: `${share * 100}%` }} />
    </span>
  )
}

interface ChoiceProps<T extends string> {
  label: string
  value: T
  options: readonly { value: T; text: ComponentChildren }[]
  onChange(value: T): void
}

/** A few exclusive choices in a row. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          class={option.value === value ? 'on' : ''}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  )
}
