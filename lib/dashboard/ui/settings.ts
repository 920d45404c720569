import { type Cell, cell } from './store.ts'

/** What a person chose, remembered by the browser. Some refuse to remember, which costs the memory and nothing else. */
function remembered<T extends string>(key: string, choices: readonly T[], fallback: T): Cell<T> {
  const stored = read(`rqts.${key}`)
  const setting = cell<T>(choices.find((choice) => choice === stored) ?? fallback)
  setting.listen(() => {
    try {
      localStorage.setItem(`rqts.${key}`, setting.get())
    } catch {
      // Private windows.
    }
  })
  return setting
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
export const theme: Cell<Theme> = remembered('theme', THEMES, 'system')

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]
export const language: Cell<Language> = remembered('language', LANGUAGES, navigator.language.startsWith('zh') ? 'zh' : 'en')

/** The attribute that the style sheet asks for; `system` follows the machine while the page is open. */
export function applyTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const apply = (): void => {
    const chosen = theme.get()
    document.documentElement.dataset['theme'] = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen
  }
  dark.addEventListener('change', apply)
  theme.listen(apply)
  apply()
}
