import type { ChangeRefusal, FindingName, RefusalName, SearchProblemName } from './contract.ts'

type All<Name extends string> = Readonly<Record<Name, true>>

/** The names of contract-words.ts for view-shapes.ts, where the compiler holds them against each other. */

export const CHANGE_REFUSALS: All<ChangeRefusal> = {
  gone: true,
  state: true,
  unique: true,
  workflow: true,
}

export const REFUSALS: All<RefusalName> = {
  ...CHANGE_REFUSALS,
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
}

export const SEARCH_PROBLEMS: All<SearchProblemName> = {
  'search-long': true,
  'search-words': true,
  'search-empty': true,
  'search-state': true,
  'search-since': true,
}

export const FINDINGS: All<FindingName> = {
  node: true,
  'node-old': true,
  version: true,
  'version-unsaid': true,
  'version-old': true,
  security: true,
  'security-hole': true,
  replica: true,
  eviction: true,
  'eviction-now': true,
  'eviction-later': true,
  memory: true,
  'memory-unlimited': true,
  'memory-scarce': true,
  'disk-failed': true,
  aof: true,
  'disk-unsaid': true,
  snapshots: true,
  'no-disk': true,
  latency: true,
  'latency-high': true,
  clock: true,
  'clock-off': true,
  rights: true,
  'rights-missing': true,
  schema: true,
  'schema-other': true,
  schedules: true,
  'schedules-unfired': true,
  'schedules-late': true,
  workers: true,
  'workers-lost': true,
  'queue-paused': true,
  'queue-unserved': true,
}

/** Any names with texts and numbers. */
export const FACTS: Readonly<Record<string, 'scalar'>> = { '*': 'scalar' }
