import type { Finding } from '../../lib/client/findings.ts'
import type { Overview, Store } from '../../lib/client/inspector.ts'
import { type CommandSpec, command } from '../command.ts'
import { codeOf, EXIT } from '../exit-codes.ts'
import { Flag } from '../flags.ts'
import { paint, type Style } from '../output/color.ts'
import { formatCount, plural, safe } from '../output/text.ts'

/** Checking the jobs reads all of them, which is nothing to do in passing on a full server. */
const MAX_JOBS = 200_000

const SIGNS: Record<Finding['level'], [sign: string, style: Style]> = { ok: ['✓', 'green'], warn: ['!', 'yellow'], bad: ['✗', 'red'] }

export const doctor: CommandSpec = command<{ deep?: boolean; repair?: boolean }>({
  name: 'doctor',
  group: 'Set up',
  summary: 'is all well? versions, persistence, eviction, memory, rights, jobs',
  description: 'It changes nothing, unless with --repair. Exit code 1 when something is wrong (✗); a warning (!) alone is no failure.',
  flags: [
    new Flag('--deep', `check the jobs one by one also when there are more than ${formatCount(MAX_JOBS)}`),
    new Flag('--repair', 'mend what is wrong with the jobs, one by one; safe while workers run'),
  ],
  examples: [
    ['rqts doctor --repair', 'put jobs back where their records say that they are'],
    ['rqts doctor', 'findings, each with its remedy'],
    ['rqts doctor --json', 'for programs'],
  ],
  async run(context, _args, options) {
    const { overview, schedulesHealth, schemaVersions, serverFacts } = await import('../../lib/client/inspector.ts')
    const { judgeQueues, judgeSchedules, judgeSchema } = await import('../../lib/client/findings.ts')
    const { judgeServer } = await import('../../lib/client/findings-server.ts')
    const store = await context.store()
    const facts = await serverFacts(store)
    const findings: Finding[] = judgeServer(facts)
    try {
      const [seen, schedules, versions] = await Promise.all([overview(store), schedulesHealth(store), schemaVersions(store)])
      findings.push(judgeSchema(versions), ...judgeQueues(seen))
      findings.push(...[judgeSchedules(schedules)].filter((finding) => finding !== undefined))
      findings.push(await judgeAllJobs(store, seen, options))
    } catch (error) {
      // What is missing has been named already.
      if (codeOf(error) !== 'RQTS_REDIS_ERROR' || !facts.denied?.length) throw error
    }
    const healthy = !findings.some(({ level }) => level === 'bad')
    context.result({ healthy, findings }, context.json ? [] : lines(findings, healthy))
    return healthy ? EXIT.ok : EXIT.failed
  },
})

async function judgeAllJobs(store: Store, { totals }: Overview, { deep, repair }: { deep?: boolean; repair?: boolean }): Promise<Finding> {
  const { queues: _queues, workers: _workers, ...counts } = totals
  const jobs = Object.values(counts).reduce((sum, count) => sum + count, 0)
  if (jobs > MAX_JOBS && deep !== true && repair !== true) {
    return {
      check: 'jobs',
      level: 'ok',
      what: 'jobs-unchecked',
      facts: { jobs },
      found: `${plural(jobs, 'job')}, not checked one by one`,
      remedy: 'rqts doctor --deep does it; it reads them all',
    }
  }
  const { judgeJobs, judgeRepair } = await import('../../lib/client/findings.ts')
  if (repair === true) return judgeRepair(await (await import('../../lib/testing/repair.ts')).repair(store), jobs)
  const { checkInvariants } = await import('../../lib/testing/invariants.ts')
  return judgeJobs(await checkInvariants(store), jobs)
}

function lines(findings: readonly Finding[], healthy: boolean): string[] {
  const told = findings.flatMap(({ level, check, found, remedy }) => {
    const [sign, style] = SIGNS[level]
    const line = `${paint(style, sign)} ${check.padEnd(12)} ${safe(found)}`
    return remedy === undefined ? [line] : [line, `  ${' '.repeat(12)} ${paint('dim', `→ ${safe(remedy)}`)}`]
  })
  const open = findings.filter(({ level }) => level !== 'ok').length
  return [...told, open === 0 ? 'all is well' : `${plural(open, 'finding')}${healthy ? ', nothing serious' : ''}`]
}
