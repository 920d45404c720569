import { language } from '../settings.ts'
import { en } from './en.ts'
import type { enPages } from './en-pages.ts'
import { zh } from './zh.ts'

/** The shape of the English dictionary, so that another one lacks nothing and says nothing that nobody asks for. */
export type Strings = Translated<typeof en>
export type PageStrings = Translated<typeof enPages>

export type Translated<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer Args) => infer Result
      ? (...args: Args) => Result
      : Translated<T[K]>
}

const DICTIONARIES: Readonly<Record<'en' | 'zh', Strings>> = { en, zh }

/** The dictionary in use. A change of the language draws the whole page anew. */
export let t: Strings = DICTIONARIES[language.get()]

/** A word for a name that may be newer than this page. */
export function wordFor(words: Readonly<Record<string, string>>, name: string): string {
  return words[name] ?? name
}

language.listen(() => {
  t = DICTIONARIES[language.get()]
})
