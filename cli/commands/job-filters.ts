import type { JobQuery } from '../../lib/client/search-query.ts'
import { CliError } from '../exit-codes.ts'
import { Flag } from '../flags.ts'

export interface FilterOptions {
  task?: string
  error?: string
  tag?: string
  since?: string
  until?: string
}

const FLAGS: Record<keyof FilterOptions, () => Flag> = {
  task: () => new Flag('--task <task>', 'only of this task, or of those that match a pattern with *'),
  error: () => new Flag('--error <text>', 'only failed with this in the name or message of the error'),
  tag: () => new Flag('--tag <tag>', 'only with this tag'),
  since: () => new Flag('--since <when>', 'only ended (else enqueued) since then: 1h ago, or a date 2027-01-31T09:00Z'),
  until: () => new Flag('--until <when>', 'only ended (else enqueued) until then'),
}

/** Of each command its own: they are told apart by their values. */
export function filterFlags(except: readonly (keyof FilterOptions)[] = []): Flag[] {
  return (Object.keys(FLAGS) as (keyof FilterOptions)[]).filter((name) => !except.includes(name)).map((name) => FLAGS[name]())
}

export function hasFilter(options: FilterOptions, except: readonly (keyof FilterOptions)[] = []): boolean {
  return (Object.keys(FLAGS) as (keyof FilterOptions)[]).some((name) => !except.includes(name) && options[name] !== undefined)
}

export async function queryOf({ task, error, tag, since, until }: FilterOptions): Promise<JobQuery> {
  const query: JobQuery = { words: [], problems: [] }
  if (task !== undefined) query.task = task
  if (error !== undefined) query.error = error
  if (tag !== undefined) query.tag = tag
  if (since !== undefined) query.sinceMs = await agoMs(since, '--since')
  if (until !== undefined) query.untilMs = await agoMs(until, '--until')
  return query
}

/** `1h` or `1h ago`, or a date. */
async function agoMs(text: string, what: string): Promise<number> {
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : undefined
  if (date !== undefined && !Number.isNaN(date.getTime())) return Date.now() - date.getTime()
  const { parseDuration } = await import('../../lib/duration.ts')
  try {
    return parseDuration(text.replace(/ ago$/, ''), what, { min: 0 })
  } catch (cause) {
    throw new CliError('RQTS_USAGE', `${what} takes a time that has passed (1h, 2d) or a date such as 2027-01-31T09:00Z; got '${text}'`, {
      cause,
    })
  }
}
