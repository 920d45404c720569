/** The names of the sentences in contract-words.ts: its types are made of them, and view-shapes.ts describes them to programs. */

/** Why a job was left alone. */
export const CHANGE_REFUSALS = {
  gone: true,
  state: true,
  unique: true,
  workflow: true,
} as const

/** Why else a request was turned down, where the code alone does not say it. */
export const REFUSALS = {
  'read-only': true,
  'look-only': true,
  elsewhere: true,
  guesses: true,
  streams: true,
  bulks: true,
  'bulk-gone': true,
  'error-gone': true,
  field: true,
  'field-whole': true,
  search: true,
  'every-job': true,
  times: true,
} as const

/** What is wrong with a search. */
export const SEARCH_PROBLEMS = {
  'search-long': true,
  'search-words': true,
  'search-empty': true,
  'search-state': true,
  'search-since': true,
} as const

/** Any names with texts and numbers. */
export const FACTS: Readonly<Record<string, 'scalar'>> = { '*': 'scalar' }
