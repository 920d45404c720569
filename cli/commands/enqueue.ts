import { readFile } from 'node:fs/promises'
import type { Settled } from '../../lib/client/waiter.ts'
import type { JobOptions } from '../../lib/index.ts'
import { type CommandSpec, command } from '../command.ts'
import type { Context } from '../context.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { Flag, whole } from '../flags.ts'
import { paint } from '../output/color.ts'
import { shortStack } from '../output/stack.ts'
import { outputText, safe } from '../output/text.ts'
import { warnIfUnserved } from '../unserved.ts'

interface EnqueueOptions {
  queue: string
  in?: string
  at?: string
  jobId?: string
  dependsOn?: string[]
  atFront?: boolean
  priority?: number
  concurrencyKey?: string
  timeout?: string
  ttl?: string
  resultTtl?: string
  failureTtl?: string
  retry?: number
  meta?: string
  wait?: true | string
}

export const enqueue: CommandSpec = command<EnqueueOptions>({
  name: 'enqueue',
  group: 'Run',
  summary: 'put a job into a queue',
  arguments: '<task> [args...]',
  description: `Arguments: text as it is, :2 or :'{"a":1}' as JSON, @file for the text of a file, :@file for the JSON in it.\nPrints the id of the job; with --wait its result.`,
  flags: [
    new Flag('-q, --queue <queue>', 'into this queue', { default: 'default' }),
    new Flag('--in <duration>', 'not before this time has passed: 10s, 3m, 2d'),
    new Flag('--at <date>', 'not before this date: 2027-01-31T09:00Z'),
    new Flag('--job-id <id>', 'an id of your own'),
    new Flag('--depends-on <id...>', 'after these jobs have finished; queue/id for one in another queue'),
    new Flag('--at-front', 'before all that wait'),
    new Flag('--priority <n>', 'level within the queue, -9 to 9, higher first (default: 0)', { parse: whole(-9, 9) }),
    new Flag('--concurrency-key <key>', 'run with no more of this key at one time than the queue allows (default: 1)'),
    new Flag('--timeout <duration>', 'longest run of an attempt, -1 for none (default: 3m)'),
    new Flag('--ttl <duration>', 'longest wait in the queue (default: none)'),
    new Flag('--result-ttl <duration>', 'how long the result is kept, -1 for ever (default: 500s)'),
    new Flag('--failure-ttl <duration>', 'how long a failure is kept, -1 for ever (default: 1y)'),
    new Flag('--retry <n>', 'further attempts after a failure (default: 0)', { parse: whole(0, 1_000) }),
    new Flag('--meta <json>', 'an object to keep with the job'),
    new Flag('--wait [duration]', 'wait for the end, at most this long, and print the result; exit 1 unless it finishes'),
  ],
  examples: [
    ['rqts enqueue add :2 :3 --wait', 'two numbers; prints the result'],
    ['rqts enqueue sendMail ann@example.com -q mail --in 10m', 'a text, in ten minutes'],
    ['rqts enqueue importRows :@rows.json --retry 3', 'JSON from a file'],
    ['id=$(rqts enqueue fetchAll); rqts enqueue report --depends-on $id', 'one after the other'],
  ],
  async run(context, [task = '', ...words], options) {
    const args = await Promise.all(words.map(readArgument))
    const likelyMeant = words.find((word) => LOOKS_LIKE_JSON.test(word))
    if (likelyMeant !== undefined) context.note(`${safe(likelyMeant)} is passed as text; as JSON it is ${safe(`:${likelyMeant}`)}`)
    const queue = await context.queue(options.queue)
    const job = await queue.enqueue(task, args, jobOptions(options))
    await warnIfUnknown(context, task, options.queue)
    if (options.wait !== undefined) return await waitFor(context, job, options.wait)
    context.note(`${safe(job.task)} is ${job.status} in ${safe(job.queue)}`)
    context.result({ id: job.id, queue: job.queue, status: job.status }, [safe(job.id)])
    return EXIT.ok
  },
})

/** Numbers and the words of JSON: who writes `2` rarely means the text. */
const LOOKS_LIKE_JSON = /^(-?\d{1,15}(\.\d{1,15})?|true|false|null)$/

async function readArgument(word: string): Promise<unknown> {
  if (word.startsWith(':@')) return parseJson(await readText(word.slice(2)), `the file ${word.slice(2)}`)
  if (word.startsWith('@')) return await readText(word.slice(1))
  return word.startsWith(':') ? parseJson(word.slice(1), `argument '${word}'`) : word
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError(
      'RQTS_USAGE',
      `The file ${path} cannot be read: ${(cause as Error).message}. A text that begins with @ is given as JSON: ':"@…"'`,
      { cause },
    )
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError(
      'RQTS_USAGE',
      `In ${what}, this is not JSON: ${(cause as Error).message}. A text goes without the colon; one that begins with a colon as ':":…"'`,
      { cause },
    )
  }
}

function jobOptions(options: EnqueueOptions): JobOptions {
  const { jobId, atFront, priority, concurrencyKey, timeout, ttl, resultTtl, failureTtl, retry, dependsOn } = options
  if (options.in !== undefined && options.at !== undefined) throw new CliError('RQTS_USAGE', 'Give --in or --at, not both')
  return {
    ...(jobId !== undefined && { jobId }),
    ...(atFront !== undefined && { atFront }),
    ...(priority !== undefined && { priority }),
    ...(concurrencyKey !== undefined && { concurrencyKey }),
    ...(timeout !== undefined && { timeout }),
    ...(ttl !== undefined && { ttl }),
    ...(resultTtl !== undefined && { resultTtl }),
    ...(failureTtl !== undefined && { failureTtl }),
    ...(retry !== undefined && { retry }),
    ...(options.in !== undefined && { delay: options.in }),
    ...(options.at !== undefined && { runAt: readDate(options.at) }),
    ...(options.meta !== undefined && { meta: parseJson(options.meta, '--meta') as Record<string, unknown> }),
    ...(dependsOn !== undefined && { dependsOn: dependsOn.map(readReference) }),
  }
}

function readDate(text: string): Date {
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  throw new CliError('RQTS_USAGE', `--at takes a date such as 2027-01-31T09:00Z (without a zone it is local time); got '${text}'`)
}

function readReference(text: string): string | { queue: string; id: string } {
  const slash = text.lastIndexOf('/')
  return slash === -1 ? text : { queue: text.slice(0, slash), id: text.slice(slash + 1) }
}

interface WaitedJob {
  readonly id: string
  readonly queue: string
  readonly status: string
  settle(options: { timeout?: string }): Promise<Settled>
  refresh(): Promise<unknown>
}

const PATIENCE_MS = 2_000

async function waitFor(context: Context, job: WaitedJob, wait: true | string): Promise<number> {
  context.note(`waiting for ${safe(job.id)} in ${safe(job.queue)}`)
  const impatience = setTimeout(() => void warnIfUnserved(context, job.queue), PATIENCE_MS)
  const head = { id: job.id, queue: job.queue }
  try {
    const settled = await job.settle(wait === true ? {} : { timeout: wait })
    if (settled.status === 'finished') {
      const { readableValue } = await import('../../lib/client/inspector.ts')
      const result = readableValue(settled.value)
      context.result({ ...head, status: settled.status, result }, [
        outputText(typeof result === 'string' ? result : JSON.stringify(result)),
      ])
      return EXIT.ok
    }
    tellFailure(context, { ...head, status: settled.status }, settled.error)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'RQTS_WAIT_TIMEOUT') throw error
    await job.refresh().catch(() => undefined)
    tellFailure(context, { ...head, status: job.status }, error as Error)
  } finally {
    clearTimeout(impatience)
  }
  return EXIT.failed
}

/** What the handler threw says more than that the job failed. */
function tellFailure(context: Context, head: { id: string; queue: string; status: string }, error: Error): void {
  const thrown = error.cause instanceof Error ? error.cause : error
  if (context.json) context.printJson({ ...head, error: { name: thrown.name, message: thrown.message, stack: thrown.stack ?? null } })
  const lines = thrown === error ? [] : shortStack(thrown).map((line) => `  ${line}\n`)
  process.stderr.write(`${paint('red', `${head.status}:`, process.stderr)} ${safe(error.message)}\n${lines.join('')}`)
}

async function warnIfUnknown(context: Context, task: string, queue: string): Promise<void> {
  const { knownTasks, suggest } = await import('../../lib/client/inspector.ts')
  const known = await knownTasks(await context.store(), queue).catch(() => undefined)
  if (known === undefined || known.has(task)) return
  context.warn(
    `no live worker of queue '${queue}' knows the task '${task}'${suggest(task, [...known]) || ': start one that loads its module'}`,
  )
}
