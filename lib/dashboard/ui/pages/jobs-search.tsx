import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { shortCount } from '../format.ts'
import { t } from '../i18n/index.ts'
import { overview } from '../live.ts'
import { setQuery } from '../router.ts'
import { useCell } from '../store.ts'

const QUALIFIERS = ['state:', 'task:', 'queue:', 'error:', 'tag:', 'id:', 'worker:', 'since:']
/** A pause in typing after which the search is run. */
const TYPING_MS = 250

export function SearchBox({ q }: { q: string }): JSX.Element {
  const [text, setText] = useState(q)
  const timer = useTimer()
  const sent = useRef(q)
  // The address is the truth, unless it only repeats what was typed here.
  useEffect(() => {
    if (q !== sent.current) {
      clearTimeout(timer.current)
      setText(q)
    }
    sent.current = q
  }, [q])
  const search = (value: string): void => {
    clearTimeout(timer.current)
    timer.current = undefined
    sent.current = value.trim()
    setQuery({ q: sent.current, cursor: undefined }, 'replace')
  }
  const type = (value: string): void => {
    setText(value)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => search(value), TYPING_MS)
  }
  const field = useRef<HTMLInputElement>(null)
  const add = (word: string): void => {
    setText(`${text.trim()} ${word}`.trimStart())
    field.current?.focus()
  }
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        search(text)
        field.current?.blur()
      }}
    >
      <input
        ref={field}
        type="search"
        value={text}
        aria-label={t.jobs.search}
        placeholder={t.jobs.placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => type(event.currentTarget.value)}
        // Whoever goes on to a button means what was typed as well.
        onBlur={() => timer.current !== undefined && search(text)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
      <span class="qualifiers">
        {QUALIFIERS.map((word) => (
          <button key={word} type="button" class="qualifier" onClick={() => add(word)}>
            {word}
          </button>
        ))}
      </span>
    </form>
  )
}

/** Ends with the field itself: a search begun after that, or by the field's last blur, would write into another page's address. */
function useTimer(): { current: number | undefined } {
  const timer = useRef<number | undefined>(undefined)
  useLayoutEffect(
    () => () => {
      clearTimeout(timer.current)
      timer.current = undefined
    },
    [],
  )
  return timer
}

const TABS = ['', 'waiting', 'started', 'scheduled', 'deferred', 'failed', 'finished', 'canceled'] as const
const STATE_WORD = /(?:^|\s)state:(\S+)/

/** The states as a row to choose from: they write the same word into the search that a person would type. */
export function StateTabs({ q }: { q: string }): JSX.Element {
  const totals = useCell(overview)?.totals
  const chosen = STATE_WORD.exec(q)?.[1] ?? ''
  const rest = q.replace(STATE_WORD, '').trim()
  const counts: Partial<Record<(typeof TABS)[number], number>> =
    totals === undefined || rest !== '' ? {} : { ...totals, waiting: totals.queued }
  return (
    <div class="tabs" role="group" aria-label={t.jobs.byState}>
      {TABS.map((state) => {
        const on = state === chosen || (state === 'waiting' && chosen === 'queued')
        return (
          <button
            key={state}
            type="button"
            aria-pressed={on}
            class={on ? 'on' : ''}
            data-state={state}
            onClick={() => setQuery({ q: `${state === '' ? '' : `state:${state} `}${rest}`.trim(), cursor: undefined })}
          >
            {t.jobs.tabs[state === '' ? 'all' : state]}
            {counts[state] !== undefined && <span class="tab-count">{shortCount(counts[state])}</span>}
          </button>
        )
      })}
    </div>
  )
}
