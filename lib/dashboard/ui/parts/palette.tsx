import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { OverviewView } from '../../contract.ts'
import { t } from '../i18n/index.ts'
import { overview, paused } from '../live.ts'
import { go, href } from '../router.ts'
import { language, theme } from '../settings.ts'
import { useCell } from '../store.ts'
import { Dialog } from './dialog.tsx'

interface Command {
  text: string
  hint?: string
  run(): void
}

/** ⌘K: pages, queues, workers and settings by name; anything else is searched for among the jobs. */
export function Palette({ onClose }: { onClose(): void }): JSX.Element {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const latest = useCell(overview)
  // The first look, and that one kept: the list must not move under the hand.
  const view = useRef(latest)
  view.current ??= latest
  const found = commands(text, view.current)
  const current = Math.min(at, found.length - 1)
  const run = (command: Command | undefined): void => {
    onClose()
    command?.run()
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, current + 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(0, current - 1))
    else if (event.key === 'Enter' && !event.isComposing) run(found[current])
    else return
    event.preventDefault()
  }
  return (
    <Dialog title={t.palette.title} onClose={onClose}>
      <input
        class="palette-input"
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={`palette-${current}`}
        aria-label={t.palette.title}
        placeholder={t.palette.placeholder}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKey}
      />
      <ul id="palette-list" role="listbox" class="palette-list">
        {found.map((command, i) => (
          <li key={command.text} id={`palette-${i}`} role="option" aria-selected={i === current} onClick={() => run(command)}>
            <span>{command.text}</span>
            <span class="muted">{command.hint}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

const MAX_SHOWN = 12

function commands(text: string, view: OverviewView | undefined): Command[] {
  const to = (name: string, target: string, hint?: string): Command => ({
    text: name,
    ...(hint !== undefined && { hint }),
    run: () => go(target),
  })
  const all: Command[] = [
    ...PAGES.map(({ page, key }) => to(t.nav[page], href(page), `g ${key}`)),
    ...(view?.queues ?? []).map(({ name }) => to(name, href('jobs', [], { q: `queue:${quoted(name)}` }), t.palette.queue)),
    ...(view?.workers ?? []).map(({ name }) => to(name, href('workers', [], { worker: name }), t.palette.worker)),
    { text: t.theme.light, hint: t.theme.title, run: () => theme.set('light') },
    { text: t.theme.dark, hint: t.theme.title, run: () => theme.set('dark') },
    { text: t.theme.system, hint: t.theme.title, run: () => theme.set('system') },
    { text: 'English', hint: t.language, run: () => language.set('en') },
    { text: '中文', hint: t.language, run: () => language.set('zh') },
    { text: paused.get() ? t.live.resume : t.live.pause, hint: '.', run: () => paused.set(!paused.get()) },
  ]
  const words = text.trim().toLowerCase()
  const fits = all.filter((command) => command.text.toLowerCase().includes(words)).slice(0, MAX_SHOWN)
  return words === '' ? fits : [...fits, to(t.palette.search(text.trim()), href('jobs', [], { q: text.trim() }))]
}

/** A value in a search, held together when it has to be. */
export function quoted(value: string): string {
  return /[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value
}

export const PAGES = [
  { page: 'overview', key: 'o' },
  { page: 'jobs', key: 'j' },
  { page: 'errors', key: 'e' },
  { page: 'schedules', key: 's' },
  { page: 'workflows', key: 'f' },
  { page: 'workers', key: 'w' },
  { page: 'redis', key: 'r' },
] as const
