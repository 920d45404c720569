/**
 * Every key of rqts. No other file spells the prefix; scripts get `base(queue)` and add the names below.
 * All keys of a queue share the hash tag `{queue}`, so they live in one Cluster slot and a script may touch them all.
 *
 * | key                                | type   | holds                                    | dies                                 |
 * |------------------------------------|--------|------------------------------------------|--------------------------------------|
 * | `rqts:queues`                      | set    | names of all queues                      | a name with `queue.delete()`         |
 * | `rqts:partitions`                  | hash   | queue → into how many it is parted       | an entry with `queue.delete()`       |
 * | `rqts:workers`                     | zset   | worker → heartbeat deadline              | an entry an hour after its last beat |
 * | `rqts:worker:NAME`                 | hash   | what the worker is and does              | an hour after its last beat          |
 * | `rqts:schemas:NAME`                | string | of a worker: task → JSON Schema of its arguments, as JSON | with the worker, or its record |
 * | `rqts:control:NAME:WISH`           | string | what people want of a worker, `*` for all | when done, its end, or an hour unasked |
 * | `rqts:{Q}:queue`                   | list   | waiting ids; the head runs next          | when empty                           |
 * | `rqts:{Q}:queue:LEVEL`             | list   | the same for a priority other than 0     | when empty                           |
 * | `rqts:{Q}:parked`                   | zset   | ids that a limit holds back → turn, see lua/_parking.lua | an entry when let in |
 * | `rqts:{Q}:parked:GATE`              | zset   | those of one gate: `key:KEY` or `task:NAME` | the same                          |
 * | `rqts:{Q}:held:GATE`                | set    | ids that are inside the gate             | an entry when the attempt ends       |
 * | `rqts:{Q}:gates`                    | zset   | gates in use → when a rate lets more in  | an entry when nothing is left there  |
 * | `rqts:{Q}:rate` `rate:GATE`         | list   | times of the starts that a rate counts   | `PEXPIRE` after its period           |
 * | `rqts:{Q}:limits`                   | hash   | concurrency key → its own limit          | with `queue.delete()`                |
 * | `rqts:{Q}:job:ID`                  | hash   | the job, see job/record.ts               | `PEXPIRE` when the job has ended     |
 * | `rqts:{Q}:job:ID:waits`            | set    | parents that have not ended              | when the child stops being deferred  |
 * | `rqts:{Q}:job:ID:dependents`       | list   | children, `id` here or `queue/id`        | when all were told of the end        |
 * | `rqts:{Q}:job:ID:attempts`         | list   | attempts that did not simply succeed     | with the job                         |
 * | `rqts:{Q}:job:ID:logs`             | list   | log lines of the handler, capped         | with the job                         |
 * | `rqts:{Q}:job:ID:inputs`           | hash   | of a workflow: parent → its result       | with the job                         |
 * | `rqts:{Q}:job:ID:unmet dead`       | set    | of a job canceled with its workflow: parents that have not finished; those that failed | with the job, or when it waits again |
 * | `rqts:{Q}:heard:ID`                | string | a callback that was enqueued             | after an hour                        |
 * | `rqts:{Q}:started`                 | zset   | id → lease deadline                      | an entry with the attempt            |
 * | `rqts:{Q}:scheduled`               | zset   | id → run at                              | an entry when promoted               |
 * | `rqts:{Q}:deferred`                | zset   | id → since                               | an entry when its parents have ended |
 * | `rqts:{Q}:finished failed canceled`| zset   | id → kept until, `+inf` for ever         | entries past their score             |
 * | `rqts:{Q}:expiry:STATUS`           | zset   | waiting id that has a ttl → its end      | an entry when the job leaves STATUS  |
 * | `rqts:{Q}:wake`                    | list   | one marker while jobs wait for a worker  | when taken                           |
 * | `rqts:{Q}:outbox`                  | list   | `id outcome [result]` of parents to be reported, `id call …` of callbacks to be enqueued | an entry when all children heard it  |
 * | `rqts:{Q}:unlinked`                | set    | children not yet known to a parent elsewhere | an entry when linked             |
 * | `rqts:{Q}:unique:KEY`              | string | id of the job that holds the key         | with the job's end, or its own ttl   |
 * | `rqts:{Q}:throttled:KEY`            | string | id of the last job of the key            | after its `throttle`                 |
 * | `rqts:{Q}:claim:WORKER`            | string | last claim request and its ids, by lane  | after the lease, at least a minute   |
 * | `rqts:said:{Q}:CALL`              | string | the answer of a call, for its repetition | after a minute                       |
 * | `rqts:{Q}:leader`                  | string | the worker that promotes and sweeps      | seconds after its last tick          |
 * | `rqts:{Q}:meta`                    | hash   | schema version, levels, limits, turns, paused (1 or until) | with `queue.delete()`                |
 * | `rqts:{Q}:stats:MINUTE`            | hash   | counts of attempts, see store/stats.ts   | after 25 hours                       |
 * | `rqts:{Q}:stats:hour:HOUR`         | hash   | the same by the hour                     | after 31 days                        |
 * | `rqts:{Q}:stats:tasks:HOUR`        | hash   | the same by the hour and task            | after 8 days                         |
 * | `rqts:{Q}:stats:total` `stats:tasks:total` | hash | the same since ever                | with `queue.delete()`, 31 days after the last job |
 * | `rqts:{Q}:corrupt:ID`              | any    | a job key of the wrong type, set aside   | by hand                              |
 * | `rqts:{schedules}:names`            | set    | names of all schedules                   | a name with its schedule             |
 * | `rqts:{schedules}:schedule:NAME`    | hash   | the schedule, see store/schedules.ts     | with `Schedules.remove()`            |
 * | `rqts:{schedules}:history:NAME`     | list   | ids of its last 20 runs, newest first    | with its schedule                    |
 * | `rqts:{schedules}:runs:NAME`        | hash   | id → time, verdict, queue and outcome    | with its schedule                    |
 * | `rqts:{schedules}:next`             | zset   | active schedule → its next run           | an entry when paused, ended, removed |
 * | `rqts:{schedules}:custom`           | zset   | the same for those with a `next` in code | the same                             |
 * | `rqts:{schedules}:fires`            | hash   | job id → a job that is to be enqueued    | an entry when enqueued               |
 * | `rqts:{schedules}:open`             | zset   | `NAME ID` of runs → last looked at       | an entry when the run's end is noted |
 * | `rqts:{schedules}:ticker`           | string | who ticks                                | seconds after the last tick          |
 * | `rqts:{schedules}:fence`            | string | counts leaderships                       | never                                |
 *
 * A queue may be named `schedules` too: none of its keys has one of these names.
 *
 * Channels: `rqts:{Q}:job:ID` (news of one watched job), `rqts:{Q}:due` (a new earliest run time), `rqts:worker:NAME` (orders),
 * `rqts:{schedules}:changed` (name of a schedule that was written).
 */
/** What scripts write into the meta of each queue, and the only one that they take. */
export const SCHEMA_VERSION = '1'
export const CONTAINERS = ['queue', 'started', 'scheduled', 'deferred', 'finished', 'failed', 'canceled'] as const
export type Container = (typeof CONTAINERS)[number]
export const REGISTRIES = ['started', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'] as const
export type RegistryName = (typeof REGISTRIES)[number]

export interface Keys {
  readonly prefix: string
  readonly queues: string
  readonly partitions: string
  readonly workers: string
  /** Also the channel of orders to that worker. */
  worker(name: string): string
  taskSchemas(worker: string): string
  control(worker: string, wish: 'paused' | 'concurrency' | 'stop'): string
  /** Every key of a queue begins with this. */
  base(queue: string): string
  /** Also the channel of news about that job. */
  job(queue: string, id: string): string
  jobPart(queue: string, id: string, part: 'waits' | 'dependents' | 'attempts' | 'logs'): string
  container(queue: string, container: Container): string
  expiry(queue: string, status: 'queued' | 'scheduled' | 'deferred'): string
  queuePart(queue: string, part: 'meta' | 'wake' | 'outbox' | 'unlinked' | 'leader' | 'due' | 'parked' | 'limits'): string
  claim(queue: string, worker: string): string
  /** Every key of schedules begins with this. */
  schedules: string
  schedule(name: string, part: 'schedule' | 'history' | 'runs'): string
  schedulePart(part: 'names' | 'next' | 'custom' | 'fires' | 'open' | 'ticker' | 'changed'): string
}

export function createKeys(prefix: string): Keys {
  const base = (queue: string): string => `${prefix}:{${queue}}:`
  return {
    prefix,
    queues: `${prefix}:queues`,
    partitions: `${prefix}:partitions`,
    workers: `${prefix}:workers`,
    worker: (name) => `${prefix}:worker:${name}`,
    taskSchemas: (worker) => `${prefix}:schemas:${worker}`,
    control: (worker, wish) => `${prefix}:control:${worker}:${wish}`,
    base,
    job: (queue, id) => `${base(queue)}job:${id}`,
    jobPart: (queue, id, part) => `${base(queue)}job:${id}:${part}`,
    container: (queue, container) => base(queue) + container,
    expiry: (queue, status) => `${base(queue)}expiry:${status}`,
    queuePart: (queue, part) => base(queue) + part,
    claim: (queue, worker) => `${base(queue)}claim:${worker}`,
    schedules: base('schedules'),
    schedule: (name, part) => `${base('schedules')}${part}:${name}`,
    schedulePart: (part) => base('schedules') + part,
  }
}

/**
 * Keys of a call for a Cluster: beside each base, which is no key, one that exists. While a slot moves Redis then refuses the call
 * before the script begins (TRYAGAIN), and it is repeated; with the base alone it would run where only part of the queue is.
 */
export function withGuards(keys: readonly string[]): string[] {
  return [...keys, ...keys.flatMap((key) => (key.endsWith(':') ? [`${key}meta`] : []))]
}

/** A parent or child as others name it: the id alone within its queue, `queue/id` from elsewhere. Ids hold no slash. */
export function refOf(queue: string, id: string, seenFrom: string): string {
  return queue === seenFrom ? id : `${queue}/${id}`
}

export function parseRef(ref: string, seenFrom: string): { queue: string; id: string } {
  const slash = ref.lastIndexOf('/')
  return slash === -1 ? { queue: seenFrom, id: ref } : { queue: ref.slice(0, slash), id: ref.slice(slash + 1) }
}
