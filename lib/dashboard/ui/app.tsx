import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Header } from './header.tsx'
import { t } from './i18n/index.ts'
import { useKeys } from './keys.ts'
import { connection, paused, redisState } from './live.ts'
import { Errors } from './pages/errors.tsx'
import { JobPage } from './pages/job.tsx'
import { Jobs } from './pages/jobs.tsx'
import { Overview } from './pages/overview.tsx'
import { Redis } from './pages/redis.tsx'
import { Schedules } from './pages/schedules.tsx'
import { Workers } from './pages/workers.tsx'
import { Workflows } from './pages/workflows.tsx'
import { Empty } from './parts/basic.tsx'
import { Help } from './parts/help.tsx'
import { Overlays } from './parts/overlays.tsx'
import { PAGES, Palette } from './parts/palette.tsx'
import { go, href, type Route, useRoute } from './router.ts'
import { loadSession } from './session.ts'
import { language, THEMES, theme } from './settings.ts'
import { useCell } from './store.ts'

type Overlay = 'help' | 'palette' | undefined

export function App(): JSX.Element {
  const route = useRoute()
  const [overlay, setOverlay] = useState<Overlay>()
  const spoken = useCell(language)
  useSession()
  useGlobalKeys(setOverlay)
  useEffect(() => {
    document.documentElement.lang = spoken
  }, [spoken])
  useEffect(() => {
    document.title = `${titleOf(route)} · rqts`
  })
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => focusMain(event)}>
        {t.skip}
      </a>
      <Header route={route} onPalette={() => setOverlay('palette')} onHelp={() => setOverlay('help')} />
      <Outage />
      <main id="main" tabIndex={-1}>
        <Page key={spoken} route={route} />
      </main>
      <Overlays />
      {overlay === 'help' && <Help onClose={() => setOverlay(undefined)} />}
      {overlay === 'palette' && <Palette onClose={() => setOverlay(undefined)} />}
    </>
  )
}

/** The hash is the router's, so the jump to the content is made by hand. */
function focusMain(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Page({ route }: { route: Route }): JSX.Element {
  const { page, parts, query } = route
  if (page === 'overview') return <Overview query={query} />
  if (page === 'jobs') return <Jobs query={query} />
  if (page === 'job') return <JobPage key={parts.join('/')} queue={parts[0] ?? ''} id={parts[1] ?? ''} />
  if (page === 'errors') return <Errors query={query} />
  if (page === 'schedules') return <Schedules query={query} />
  if (page === 'workflows') return <Workflows query={query} />
  if (page === 'workers') return <Workers query={query} />
  if (page === 'redis') return <Redis />
  return <Empty title={t.noPage} text={`#/${page}`} />
}

function titleOf({ page, parts }: Route): string {
  const known = PAGES.find((one) => one.page === page)
  return known === undefined ? (parts.at(-1) ?? page) : t.nav[known.page]
}

/** Asked again when the server is back: it may have been started anew with other rights. */
function useSession(): void {
  const away = useCell(connection) === 'lost'
  useEffect(() => {
    if (!away) void loadSession()
  }, [away])
}

function useGlobalKeys(show: (overlay: Overlay) => void): void {
  useKeys({
    '?': () => show('help'),
    'mod+k': () => show('palette'),
    '.': () => paused.set(!paused.get()),
    t: () => theme.set(THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length]!),
    '/': () => {
      const field = document.querySelector<HTMLInputElement>('input[type=search]')
      if (field === null) go(href('jobs'))
      else field.focus()
    },
    ...Object.fromEntries(PAGES.map(({ page, key }) => [`g ${key}`, () => go(href(page))])),
  })
}

/** What is on the page stays there while its source is away, under a line that says so. */
function Outage(): JSX.Element | null {
  const { up, message, code } = useCell(redisState)
  const state = useCell(connection)
  if (state === 'lost') {
    return (
      <p class="outage" role="alert">
        {t.live.serverAway}
      </p>
    )
  }
  if (up) return null
  return (
    <p class="outage" role="alert">
      <b>{t.live.redisAway}</b> {t.refusal({ code: code ?? '', message: message ?? '', what: null, facts: {} })} {t.live.heals}
    </p>
  )
}
