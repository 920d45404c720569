import type { JSX } from 'preact'
import { count } from './format.ts'
import { t } from './i18n/index.ts'
import { connection, overview, paused } from './live.ts'
import { PAGES } from './parts/palette.tsx'
import { href, type Route } from './router.ts'
import { canWrite, session } from './session.ts'
import { LANGUAGES, language, THEMES, theme } from './settings.ts'
import { useCell } from './store.ts'

interface HeaderProps {
  route: Route
  onPalette(): void
  onHelp(): void
}

const THEME_SIGNS = { system: '◐', light: '☀', dark: '☾' }

export function Header({ route, onPalette, onHelp }: HeaderProps): JSX.Element {
  const chosen = useCell(theme)
  const spoken = useCell(language)
  const next = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length]!
  const other = LANGUAGES.find((one) => one !== spoken)!
  return (
    <header class="top">
      <a class="brand" href={href('overview')}>
        <span class="brand-mark" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        rqts
      </a>
      <Environment />
      <Navigation route={route} />
      <div class="tools">
        <LiveState />
        <button type="button" class="tool palette-tool" onClick={onPalette} title={t.palette.title} aria-label={t.palette.title}>
          ⌘K
        </button>
        <button
          type="button"
          class="tool"
          onClick={() => theme.set(next)}
          title={`${t.theme.title}: ${t.theme[chosen]}`}
          aria-label={`${t.theme.title}: ${t.theme[chosen]}`}
        >
          {THEME_SIGNS[chosen]}
        </button>
        <button type="button" class="tool" lang={other} onClick={() => language.set(other)} title={t.language} aria-label={t.language}>
          {other.toUpperCase()}
        </button>
        <button type="button" class="tool" onClick={onHelp} title={t.help.title} aria-label={t.help.title}>
          ?
        </button>
      </div>
    </header>
  )
}

function Navigation({ route }: { route: Route }): JSX.Element {
  const totals = useCell(overview)?.totals
  const shown = route.page === 'job' ? 'jobs' : route.page
  return (
    <nav aria-label={t.navigation}>
      {PAGES.map(({ page }) => (
        <a key={page} href={href(page)} aria-current={page === shown ? 'page' : undefined}>
          {t.nav[page]}
          {page === 'errors' && (totals?.failed ?? 0) > 0 && <span class="pill bad">{count(totals!.failed)}</span>}
          {page === 'workers' && (totals?.lostWorkers ?? 0) > 0 && <span class="pill bad">{count(totals!.lostWorkers)}</span>}
        </a>
      ))}
    </nav>
  )
}

function LiveState(): JSX.Element {
  const state = useCell(connection)
  const resting = useCell(paused)
  return (
    <button
      type="button"
      class={`tool live ${state}`}
      data-live={state}
      onClick={() => paused.set(!resting)}
      title={resting ? t.live.resume : t.live.pause}
      aria-label={`${t.live.states[state]}: ${resting ? t.live.resume : t.live.pause}`}
    >
      <i aria-hidden="true" />
      <span>{t.live.states[state]}</span>
    </button>
  )
}

function Environment(): JSX.Element | null {
  const view = useCell(session)
  const writes = useCell(canWrite)
  if (view === undefined) return null
  const name = view.environment
  return (
    <>
      {name !== null && <span class={`badge environment${/^prod/i.test(name) ? ' production' : ''}`}>{name}</span>}
      {!writes && <span class="badge plain read-only">{t.readOnly}</span>}
    </>
  )
}
