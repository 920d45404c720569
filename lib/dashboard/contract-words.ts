/**
 * Sentences of the server that the pages show. Each comes in English, with its name and with what stands in it, so that whoever speaks another
 * language says it anew instead of translating text.
 */

/** Names and numbers in a sentence. */
export type Facts = Readonly<Record<string, string | number>>

/** Why a request was turned down, where the code alone does not say it. */
export type RefusalName =
  | ChangeRefusal
  | 'read-only'
  | 'look-only'
  | 'elsewhere'
  | 'guesses'
  | 'streams'
  | 'bulks'
  | 'bulk-gone'
  | 'error-gone'
  | 'field'
  | 'field-whole'
  | 'search'
  | 'every-job'
  | 'times'

/** Why a job was left alone. */
export type ChangeRefusal = 'gone' | 'state' | 'unique' | 'workflow'

/** What is wrong with a search. */
export type SearchProblemName = 'search-long' | 'search-words' | 'search-empty' | 'search-state' | 'search-since'

/** What `rqts doctor` says, short of looking at each job. */
export type FindingName =
  | 'node'
  | 'node-old'
  | 'version'
  | 'version-unsaid'
  | 'version-old'
  | 'security'
  | 'security-hole'
  | 'replica'
  | 'eviction'
  | 'eviction-now'
  | 'eviction-later'
  | 'memory'
  | 'memory-unlimited'
  | 'memory-scarce'
  | 'disk-failed'
  | 'aof'
  | 'disk-unsaid'
  | 'snapshots'
  | 'no-disk'
  | 'latency'
  | 'latency-high'
  | 'clock'
  | 'clock-off'
  | 'rights'
  | 'rights-missing'
  | 'schema'
  | 'schema-other'
  | 'schedules'
  | 'schedules-unfired'
  | 'schedules-late'
  | 'workers'
  | 'workers-lost'
  | 'queue-paused'
  | 'queue-unserved'

/** What is likely a mistake in a schedule. */
export type ScheduleWarningName = 'every-minute' | 'every-second'
