import { VERSION } from '../version.ts'
import type { ReplyOf, Route, Routes } from './contract.ts'
import { jsonSchema, type Shape } from './shapes.ts'
import { VIEW_SHAPES } from './view-shapes.ts'

type Kind = 'text' | 'name' | 'id' | 'whole' | 'flag' | 'list' | 'object'

type Asked<R extends Route> = Routes[R] extends { query: infer Query } ? Query : Routes[R] extends { body: infer Body } ? Body : object
type Kinds<T> = { readonly [Name in keyof T]-?: object extends Pick<T, Name> ? Kind : `${Kind}!` }

type Described<R extends Route> = {
  summary: string
  /** What may be done wrong with it is answered with ApiError. */
  gives: Shape<ReplyOf<R>>
  /** Of the query or the body; `!` marks what must be given. */
} & (keyof Asked<R> extends never ? { takes?: undefined } : { takes: Kinds<Asked<R>> })

const PLACE = { queue: 'name!', id: 'id!' } as const
const SEARCH = { q: 'text', limit: 'whole', cursor: 'text' } as const
const ONE = { id: 'id!', queue: 'name' } as const
const NAMED = { name: 'name!' } as const
const NAMES = { workers: ['text'] } as const

/** Every route as contract.ts has it: one that is missing here, or takes or gives something else, does not compile. */
const ROUTES: { readonly [R in Route]: Described<R> } = {
  'GET /session': { summary: 'Who you are and what you may do', gives: '#SessionView' },
  'GET /overview': { summary: 'Queues, workers, rates and what is wrong', gives: '#OverviewView' },
  'GET /stats': { summary: 'Rates and percentiles over 1h, 24h, 7d or 30d', takes: { queue: 'name', range: 'text' }, gives: '#StatsView' },
  'GET /tasks': { summary: 'Tasks that live workers know', gives: { tasks: [{ name: 'text', queues: ['text'], schema: 'any' }] } },
  'GET /jobs': { summary: 'Search jobs', takes: SEARCH, gives: '#JobsReply' },
  'GET /jobs/count': { summary: 'Count jobs', takes: { q: 'text' }, gives: { total: 'whole', exact: 'flag', complete: 'flag' } },
  'GET /job': { summary: 'One job', takes: ONE, gives: '#JobDetailView' },
  'GET /job/logs': {
    summary: 'Its log lines',
    takes: { ...ONE, from: 'whole' },
    gives: { lines: ['text'], from: 'whole', total: 'whole' },
  },
  'GET /job/graph': { summary: 'The jobs that it hangs together with', takes: ONE, gives: '#GraphView' },
  'GET /job/download': { summary: 'A payload as a file', takes: { ...ONE, part: 'text!' }, gives: 'any' },
  'POST /job/requeue': { summary: 'Back into its queue', takes: { ...PLACE, atFront: 'flag' }, gives: '#Done' },
  'POST /job/cancel': { summary: 'Cancel, or stop when it runs', takes: { ...PLACE, enqueueDependents: 'flag' }, gives: '#Done' },
  'POST /job/promote': { summary: 'A scheduled job runs now', takes: PLACE, gives: '#Done' },
  'POST /job/delete': { summary: 'Delete with all it has', takes: { ...PLACE, dependents: 'flag' }, gives: '#Done' },
  'POST /job/copy': {
    summary: 'A new job like it, with other arguments if given',
    takes: { ...PLACE, args: 'list', targetQueue: 'name', delayMs: 'whole' },
    gives: '#JobRef',
  },
  'POST /enqueue': {
    summary: 'A new job',
    takes: { queue: 'name!', task: 'name!', args: 'list', delayMs: 'whole', atFront: 'flag' },
    gives: '#JobRef',
  },
  'POST /bulk': {
    summary: 'Change all jobs of a search, or those named',
    takes: { action: 'text!', q: 'text', jobs: 'list' },
    gives: '#BulkView',
  },
  'GET /bulk': { summary: 'How far a bulk action is', takes: { id: 'text!' }, gives: '#BulkView' },
  'POST /bulk/abort': { summary: 'Stop a bulk action', takes: { id: 'text!' }, gives: '#BulkView' },
  'POST /queue/pause': { summary: 'Workers take nothing more from it', takes: { queue: 'name!' }, gives: '#Done' },
  'POST /queue/resume': { summary: 'Workers take jobs again', takes: { queue: 'name!' }, gives: '#Done' },
  'POST /queue/empty': { summary: 'Delete what waits', takes: { queue: 'name!' }, gives: { deleted: 'whole' } },
  'POST /queue/delete': { summary: 'Forget the queue', takes: { queue: 'name!', jobs: 'flag' }, gives: '#Done' },
  'GET /errors': {
    summary: 'Failed jobs, grouped',
    takes: { queue: 'name', since: 'text' },
    gives: { groups: ['#ErrorGroup'], searched: 'whole', total: 'whole', complete: 'flag' },
  },
  'GET /errors/detail': {
    summary: 'One group',
    takes: { fingerprint: 'text!', queue: 'name' },
    gives: { group: '#ErrorGroup', error: '#ErrorDetail', jobs: ['#JobRow'] },
  },
  'GET /schedules': {
    summary: 'All schedules',
    gives: { schedules: ['#ScheduleView'], health: { lateMs: 'number', ticker: { orNull: 'text' } } },
  },
  'GET /schedule': { summary: 'One schedule with its last and next runs', takes: NAMED, gives: '#ScheduleDetailView' },
  'POST /schedule/run': { summary: 'One more run, now', takes: NAMED, gives: '#JobRef' },
  'POST /schedule/pause': { summary: 'No runs until resumed', takes: NAMED, gives: '#ScheduleView' },
  'POST /schedule/resume': { summary: 'Go on with the next run', takes: NAMED, gives: '#ScheduleView' },
  'POST /schedule/skip': { summary: 'Leave out the next run', takes: NAMED, gives: '#ScheduleView' },
  'POST /schedule/remove': { summary: 'Remove it', takes: NAMED, gives: '#Done' },
  'POST /schedule/edit': {
    summary: 'Change it until its program registers it again',
    takes: { ...NAMED, cron: 'text', every: 'text', tz: 'text', args: 'list', queue: 'name' },
    gives: '#ScheduleView',
  },
  'GET /workflows': {
    summary: 'Workflows among the newest jobs',
    gives: { workflows: ['#WorkflowView'], searched: 'whole', complete: 'flag' },
  },
  'GET /workers': { summary: 'Workers and what they run', gives: { workers: ['#WorkerView'] } },
  'POST /worker/pause': { summary: 'Take no more jobs; * for all', takes: { name: 'text!', forMs: 'whole' }, gives: NAMES },
  'POST /worker/resume': { summary: 'Take jobs again; * for all', takes: { name: 'text!' }, gives: NAMES },
  'POST /worker/stop': {
    summary: 'Stop when its jobs are done, or now with force',
    takes: { name: 'text!', force: 'flag' },
    gives: NAMES,
  },
  'POST /worker/concurrency': { summary: 'Run so many jobs at once', takes: { name: 'text!', value: 'whole!' }, gives: NAMES },
  'GET /redis': { summary: 'The server, its slow commands, and what the doctor finds', gives: '#RedisView' },
}

export const ROUTE_NAMES = Object.keys(ROUTES) as Route[]

const SCHEMAS: Readonly<Record<Kind, object>> = {
  text: { type: 'string' },
  name: { type: 'string', pattern: '^[A-Za-z0-9_.:/-]{1,128}$' },
  id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,128}$' },
  whole: { type: 'integer', minimum: 0 },
  flag: { type: 'boolean' },
  list: { type: 'array' },
  object: { type: 'object' },
}

/** OpenAPI 3.1, for whoever writes scripts against the dashboard. */
export function openApi(): object {
  const paths: Record<string, Record<string, object>> = {
    '/stream': {
      get: {
        summary: 'Server-sent events: overview, redis, job, logs, bulk',
        parameters: [{ name: 'job', in: 'query', schema: SCHEMAS.text, description: 'QUEUE/ID: also the events of this job' }],
        responses: {
          200: {
            description: 'Each event is one property of StreamEvents: its name, and as data its value as JSON',
            content: { 'text/event-stream': { schema: { $ref: '#/components/schemas/StreamEvents' } } },
          },
        },
      },
    },
  }
  for (const [route, described] of Object.entries(ROUTES) as [Route, Plain][]) {
    const [method, path] = route.split(' ') as [string, string]
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(method, described) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'rqts dashboard', version: VERSION, description: 'The shapes are the types of that name in rqts/dashboard.' },
    servers: [{ url: '.' }],
    paths,
    components: { schemas: Object.fromEntries(Object.entries(VIEW_SHAPES).map(([name, shape]) => [name, jsonSchema(shape)])) },
  }
}

interface Plain {
  summary: string
  gives: unknown
  takes?: Readonly<Record<string, string>>
}

function operation(method: string, { summary, takes = {}, gives }: Plain): object {
  const fields = Object.entries(takes).map(([name, text]) => {
    const kind = text.replace('!', '') as Kind
    return { name, required: text.endsWith('!'), schema: SCHEMAS[kind] }
  })
  const body = {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  }
  return {
    summary,
    ...(method === 'GET'
      ? { parameters: fields.map((field) => ({ ...field, in: 'query' })) }
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: jsonSchema(gives) } } },
      default: { description: 'Why not', content: { 'application/json': { schema: { $ref: '#/components/schemas/ApiError' } } } },
    },
  }
}
