import type { Overview } from '../../lib/client/inspector.ts'
import { matcher } from '../../lib/names.ts'
import { VERSION } from '../../lib/version.ts'
import { paint } from './color.ts'
import { cut, plural, safe } from './text.ts'

export interface BannerFacts {
  name: string
  queues: readonly string[]
  pool: string
  concurrency: number
  tasks: readonly { file: string; names: readonly string[] }[]
  /** Undefined while it cannot be reached. */
  redis?: Overview['redis']
}

export function bannerLines({ name, queues, pool, concurrency, tasks, redis }: BannerFacts): string[] {
  const count = tasks.reduce((sum, { names }) => sum + names.length, 0)
  const label = (text: string): string => paint('dim', text.padEnd(9))
  const names = tasks.flatMap((module) => module.names)
  return [
    '',
    `  ${paint('bold', `rqts ${VERSION}`)}  worker ${paint('bold', safe(name))}`,
    `  ${label('redis')}${redis === undefined ? 'not reached yet' : `${safe(redis.url)}  (Redis ${safe(redis.version || '?')})`}`,
    `  ${label('queues')}${safe(queues.join(', '))}`,
    `  ${label('pool')}${pool}, concurrency ${concurrency}`,
    `  ${label('tasks')}${plural(count, 'task')} from ${safe(tasks.map(({ file }) => file).join(', '))}: ${cut(safe(names.join(', ')), 60)}`,
    '',
  ]
}

export interface StartupFacts {
  seen: Overview
  info: ReadonlyMap<string, string>
  schedules: { active: number; ticker: string | null }
  /** Queues of this worker. */
  served: readonly string[]
  /** Whether this worker fires schedules. */
  fires: boolean
}

/** What would lose jobs or let them wait for ever, said once and plainly. */
export function startupProblems({ seen, info, schedules, served, fires }: StartupFacts): string[] {
  const problems: string[] = []
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction')
    problems.push(`Redis may drop jobs when its memory is full (maxmemory-policy is ${policy}): CONFIG SET maxmemory-policy noeviction`)
  if (info.get('aof_enabled') === '0' && info.get('rdb_saves_configured') === '0') {
    problems.push('Redis keeps nothing on disk, so a restart loses all jobs: CONFIG SET appendonly yes')
  }
  const mine = served.map(matcher)
  const unserved = seen.queues.filter(
    ({ name, queued, workers, paused }) => !paused && queued > 0 && workers === 0 && !mine.some((matches) => matches(name)),
  )
  if (unserved.length > 0) {
    const names = unserved.slice(0, 5).map(({ name, queued }) => `${safe(name)} (${plural(queued, 'job')})`)
    problems.push(`no worker serves ${names.join(', ')}${unserved.length > 5 ? ` and ${unserved.length - 5} more` : ''}`)
  }
  if (schedules.active > 0 && schedules.ticker === null && !fires)
    problems.push(`nobody fires the ${plural(schedules.active, 'schedule')}: run \`rqts scheduler\`, or a worker without --no-scheduler`)
  return problems
}
