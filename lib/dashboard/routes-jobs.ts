import { changeJobs, type JobChange } from '../client/change-jobs.ts'
import { knownTaskNames, knownTaskSchemas, type Place } from '../client/inspector.ts'
import { Job } from '../client/job.ts'
import { jobGraph } from '../client/job-graph.ts'
import { Queue } from '../client/queue.ts'
import { removeWithDependents } from '../client/removal.ts'
import { allMatching, searchJobs } from '../client/search-jobs.ts'
import { isPicky } from '../client/search-match.ts'
import { type JobQuery, parseQuery, showQuery } from '../client/search-query.ts'
import { RqtsError } from '../errors.ts'
import { checkJobId, checkName } from '../names.ts'
import type { Handlers, Tools } from './handlers.ts'
import type { Input } from './input.ts'
import { descriptionOf, rowView } from './job-views.ts'
import { Refusal } from './refusal.ts'

const MAX_QUERY = 1_000
const MAX_NAMED = 1_000
const MAX_ARGS = 1_000
const MAX_DELAY_MS = 366 * 86_400_000
const PARTS = ['args', 'result', 'error', 'meta', 'logs', 'job'] as const
const ACTIONS = ['requeue', 'cancel', 'delete', 'promote'] as const

type JobRoutes =
  | 'GET /tasks'
  | 'GET /jobs'
  | 'GET /jobs/count'
  | 'GET /job'
  | 'GET /job/logs'
  | 'GET /job/graph'
  | 'GET /job/download'
  | 'POST /job/requeue'
  | 'POST /job/cancel'
  | 'POST /job/promote'
  | 'POST /job/delete'
  | 'POST /job/copy'
  | 'POST /enqueue'
  | 'POST /bulk'
  | 'GET /bulk'
  | 'POST /bulk/abort'

export function jobRoutes(tools: Tools): Handlers<JobRoutes> {
  return { ...lookRoutes(tools), ...changeRoutes(tools), ...bulkRoutes(tools) }
}

function queryOf(input: Input): JobQuery {
  return parseQuery(input.optionalText('q', MAX_QUERY) ?? '')
}

function lookRoutes({ store, options: { redaction }, jobs }: Tools) {
  const describe = (row: Parameters<typeof descriptionOf>[0]): string => descriptionOf(row, redaction)
  const place = (input: Input): Promise<Place> => jobs.place(input.id(), input.optionalName('queue'))
  return {
    'GET /tasks': async () => {
      const [tasks, schemas] = await Promise.all([knownTaskNames(store), knownTaskSchemas(store)])
      return { tasks: tasks.map((task) => ({ ...task, schema: schemas.get(task.name) ?? null })) }
    },
    'GET /jobs': async (input) => {
      const query = queryOf(input)
      const found = await searchJobs(store, query, {
        limit: input.whole('limit', 1, 200, 25),
        cursor: input.optionalText('cursor', 60),
        describe,
      })
      const { rows, ...page } = found
      return { ...page, jobs: rows.map((row) => rowView(row, redaction)), understood: showQuery(query), problems: query.problems }
    },
    'GET /jobs/count': async (input) => {
      const { total, exact, complete } = await searchJobs(store, queryOf(input), { limit: 1, describe })
      return { total, exact, complete }
    },
    'GET /job': async (input) => {
      const detail = await jobs.detail(await place(input))
      if (detail === null) throw new Refusal(404, 'RQTS_JOB_NOT_FOUND', 'The job is gone')
      return detail
    },
    'GET /job/logs': async (input) => {
      const from = input.whole('from', 0, 1_000_000_000, 0)
      return await jobs.logs(await place(input), from)
    },
    'GET /job/graph': async (input) => {
      const { nodes, edges, truncated } = await jobGraph(store, await place(input))
      const name = ({ queue, id }: Place): string => `${queue}/${id}`
      return {
        nodes: nodes.map(({ place: { queue, id }, job }) => ({
          id,
          queue,
          task: job?.task ?? '',
          state: job?.status ?? 'gone',
          workflow: job?.workflow ?? null,
          description: job === null ? '' : describe(job),
        })),
        edges: edges.map(({ parent, child }) => ({ from: name(parent), to: name(child) })),
        truncated,
      }
    },
    'GET /job/download': async (input) => {
      const part = input.choice('part', PARTS)
      return await jobs.download(await place(input), part)
    },
  } satisfies Partial<Handlers>
}

function changeRoutes({ store, jobs, log }: Tools) {
  const place = (input: Input): Place => ({ queue: input.name('queue'), id: input.id() })
  const change = async (action: JobChange, input: Input): Promise<{ ok: true }> => {
    const job = place(input)
    const { refused } = await changeJobs(store, action, [job])
    if (refused[0] === undefined) return { ok: true }
    const { why, what, facts } = refused[0]
    const [status, code] = what === 'gone' ? [404, 'RQTS_JOB_NOT_FOUND'] : [409, 'RQTS_BAD_STATE']
    throw new Refusal(status, code, `Cannot ${action} job ${job.id}: ${why}`, { what, facts: { action, id: job.id, ...facts } })
  }
  return {
    'POST /job/requeue': async (input, visitor) => {
      log(visitor, 'requeue', place(input))
      if (!input.flag('atFront')) return await change('requeue', input)
      const { queue, id } = place(input)
      await (await handle(store, queue, id)).requeue({ atFront: true })
      return { ok: true }
    },
    'POST /job/cancel': async (input, visitor) => {
      log(visitor, 'cancel', place(input))
      if (!input.flag('enqueueDependents')) return await change('cancel', input)
      const { queue, id } = place(input)
      await (await handle(store, queue, id)).cancel({ enqueueDependents: true })
      return { ok: true }
    },
    'POST /job/promote': async (input, visitor) => {
      log(visitor, 'promote', place(input))
      return await change('promote', input)
    },
    'POST /job/delete': async (input, visitor) => {
      log(visitor, 'delete', { ...place(input), dependents: input.flag('dependents') })
      if (!input.flag('dependents')) return await change('delete', input)
      await removeWithDependents(store, place(input), true)
      return { ok: true }
    },
    'POST /job/copy': async (input, visitor) => {
      const args = input.optionalList('args', MAX_ARGS)
      const queue = input.optionalName('queue', 'targetQueue')
      const delayMs = input.has('delayMs') ? input.whole('delayMs', 0, MAX_DELAY_MS) : undefined
      const made = await jobs.copy(place(input), { args, queue, delayMs })
      log(visitor, 'enqueue a copy', { of: input.id(), ...made })
      return made
    },
    'POST /enqueue': async (input, visitor) => {
      const queue = new Queue(input.name('queue'), {}, store)
      const job = await queue.enqueue(input.name('task'), input.optionalList('args', MAX_ARGS) ?? [], {
        ...(input.has('delayMs') && { delay: input.whole('delayMs', 0, MAX_DELAY_MS) }),
        ...(input.flag('atFront') && { atFront: true }),
      })
      log(visitor, 'enqueue', { queue: job.queue, id: job.id, task: job.task })
      return { queue: job.queue, id: job.id }
    },
  } satisfies Partial<Handlers>
}

async function handle(store: Tools['store'], queue: string, id: string): Promise<Job> {
  const job = await new Queue(queue, {}, store).fetchJob(id)
  if (job === null) throw new Refusal(404, 'RQTS_JOB_NOT_FOUND', `There is no job ${id} in queue '${queue}'`)
  return job
}

function bulkRoutes({ store, options: { redaction }, bulks }: Tools) {
  return {
    'POST /bulk': (input, { user }) => {
      const action = input.choice('action', ACTIONS)
      if (input.has('q') === input.has('jobs')) throw new RqtsError('RQTS_BAD_OPTION', 'Say which jobs: q for a search, or jobs for a list')
      if (input.has('jobs')) return bulks.start({ action, query: null, places: once(input.list('jobs', MAX_NAMED).map(placeIn)), user })
      const query = queryOf(input)
      if (query.problems.length > 0) {
        const why = `The search is not clear: ${query.problems.map(({ text }) => text).join('; ')}`
        throw new Refusal(400, 'RQTS_BAD_OPTION', why, { what: 'search' })
      }
      if (query.state === undefined && !isPicky(query) && query.queue === undefined) {
        const why = 'This would be every job there is: search for a state or a queue at least'
        throw new Refusal(400, 'RQTS_BAD_OPTION', why, { what: 'every-job' })
      }
      return bulks.start({
        action,
        query: showQuery(query),
        places: allMatching(store, query, { describe: (row) => descriptionOf(row, redaction) }),
        user,
      })
    },
    'GET /bulk': (input) => bulks.get(input.text('id', 40)),
    'POST /bulk/abort': (input) => bulks.abort(input.text('id', 40)),
  } satisfies Partial<Handlers>
}

function placeIn(entry: unknown): Place {
  const { id, queue } = (entry ?? {}) as { id?: unknown; queue?: unknown }
  return { id: checkJobId(id), queue: checkName('queue', queue) }
}

async function* once(places: Place[]): AsyncGenerator<Place[]> {
  yield await Promise.resolve(places)
}
