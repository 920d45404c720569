// The page docs/benchmarks.md and its plots, from the results of one run.
import { readFileSync } from 'node:fs'
import { LIBRARIES } from './libraries.mjs'
import { method } from './method.mjs'
import { barPlot } from './plot.mjs'
import { SIZES } from './scenarios.mjs'
import { comparison, markdown, ratio, stat, times } from './table.mjs'
import { TARGETS } from './targets.mjs'

const KEYS = [
  'rate',
  'p50',
  'p99',
  'waitingBytes',
  'finishedBytes',
  'calls',
  'commands',
  'enqueueRate',
  'processRate',
  'doneMs',
  'stallMs',
  'redisUs',
  'clientUs',
  'earlyMb',
  'lateMb',
  'clientEarlyMb',
  'clientLateMb',
  'positionMs',
  'cancelMs',
  'deleteMs',
]

/** What the terminal shows of a run while the benchmark goes on. */
export function oneLine(result) {
  const runs = [result].flat()
  const numbers = KEYS.flatMap((key) => (runs[0][key] === undefined ? [] : [`${key} ${runs.map((run) => plain(run[key])).join(' ')}`]))
  return [...numbers, ...runs.flatMap((run) => complaint(run.deliveries) ?? [])].join('  ')
}

export function report({ about, scenarios, results, failures }) {
  const libraries = Object.keys(about.libraries)
  const sections = SECTIONS.map((section) => ({ ...section, scenarios: scenarios.filter(section.of) })).filter(
    (section) => section.scenarios.length > 0,
  )
  const plots = Object.fromEntries(
    sections.flatMap((section) => (section.plot ? [[`${section.plot.file}.svg`, plotOf(section, results, libraries)]] : [])),
  )
  const parts = [
    '# Benchmarks',
    intro(about, libraries, otherRuns(scenarios, results)),
    targets(results),
    losses(results, scenarios, libraries),
    ...sections.map((section) => sectionText(section, results, libraries)),
    deliveries(results),
    failed(failures),
    notes(),
    method(SIZES[about.size]),
  ]
  return { markdown: `${parts.filter((part) => part !== '').join('\n\n')}\n`, plots }
}

const group = (name) => (scenario) => scenario.group === name
const costed = ({ name }) => /^(enqueue\/(1|100|bulk)|process\/c(1|10|100))$/.test(name)

const SECTIONS = [
  {
    title: 'Enqueueing',
    head: 'jobs per second, one process',
    of: group('enqueue'),
    metrics: [['', 'rate']],
    plot: {
      file: 'enqueue',
      title: 'Enqueueing',
      unit: 'jobs per second',
      of: ['enqueue/1', 'enqueue/100', 'enqueue/bulk', 'enqueue/100/1ms'],
    },
  },
  {
    title: 'Processing',
    head: 'jobs per second, from a full queue',
    of: group('process'),
    metrics: [['', 'rate']],
    plot: {
      file: 'process',
      title: 'Processing',
      unit: 'jobs per second, one worker process',
      of: ['process/c1', 'process/c10', 'process/c100', 'process/c10/1ms'],
    },
  },
  {
    title: 'Latency',
    head: 'ms from due to started',
    of: group('pickup'),
    metrics: [
      [', p50', 'p50'],
      [', p99', 'p99'],
    ],
    plot: {
      file: 'latency',
      title: 'From due to started, p99',
      unit: 'ms',
      metric: 'p99',
      of: ['pickup/idle', 'pickup/100', 'pickup/1000', 'pickup/half'],
    },
  },
  {
    title: 'Cost of a job',
    head: 'per job',
    of: costed,
    metrics: [
      [': Redis, µs of CPU', 'redisUs'],
      [': Redis, commands run', 'commands'],
      [': Redis, script calls', 'scripts'],
      [': our process, µs of CPU', 'clientUs'],
    ],
  },
  {
    title: 'Memory',
    head: 'bytes of Redis per job',
    of: group('memory'),
    metrics: [
      [': waiting', 'waitingBytes'],
      [': finished', 'finishedBytes'],
    ],
    plot: {
      file: 'memory',
      title: 'Memory of a waiting job',
      unit: 'bytes of Redis, defaults',
      metric: 'waitingBytes',
      of: ['memory/empty', 'memory/120B'],
    },
  },
  {
    title: 'Idle',
    head: 'a worker with nothing to do',
    of: group('idle'),
    metrics: [
      [': calls', 'calls'],
      [': commands, those of its scripts included', 'commands'],
    ],
  },
  {
    title: 'Growth',
    head: 'with so many waiting',
    of: group('backlog'),
    metrics: [
      [': enqueued/s, 100 in flight', 'enqueueRate'],
      [': Redis, µs per enqueue', 'enqueueUs'],
      [': processed/s, concurrency 10', 'processRate'],
      [': Redis, µs per job processed', 'processUs'],
    ],
  },
  {
    title: 'One of many',
    head: 'ms per call',
    of: group('middle'),
    metrics: [
      [': position', 'positionMs'],
      [': cancel', 'cancelMs'],
      [': delete', 'deleteMs'],
    ],
  },
  {
    title: 'A long life',
    head: 'MB without garbage',
    of: ({ group: name }) => ['heap', 'waits', 'waits/hour'].includes(name),
    metrics: [
      [': early', 'earlyMb'],
      [': late', 'lateMb'],
      [': early, who enqueues and waits', 'clientEarlyMb'],
      [': late, who enqueues and waits', 'clientLateMb'],
    ],
  },
  {
    title: 'Crowds',
    head: 'concurrency 100',
    of: ({ group: name }) => name === 'scheduled' || name === 'dependents',
    metrics: [
      [': ms until all are done', 'doneMs'],
      [': longest wait for an answer of Redis, ms', 'stallMs'],
    ],
  },
]

function sectionText({ title, head, scenarios, metrics, plot }, results, libraries) {
  const rows = scenarios.flatMap((scenario) => metrics.map(([suffix, metric]) => [`${scenario.title}${suffix}`, scenario.name, metric]))
  const table = comparison(results, libraries, head, rows)
  const image = plot === undefined ? [] : [`![${plot.title}](benchmarks/${plot.file}.svg)`]
  return table === '' ? '' : [`## ${title}`, ...image, table].join('\n\n')
}

function plotOf({ plot, scenarios }, results, libraries) {
  const legend = libraries.map((library) => ({ label: LIBRARIES[library].label, color: LIBRARIES[library].color }))
  const groups = plot.of.flatMap((name) => {
    const title = scenarios.find((scenario) => scenario.name === name)?.title
    if (title === undefined) return []
    const bars = libraries.map((library) => {
      const found = stat(results, name, library, plot.metric ?? 'rate')
      return found && { ...found, color: LIBRARIES[library].color }
    })
    return [{ label: title, bars }]
  })
  return barPlot({ title: plot.title, unit: plot.unit, legend, groups })
}

function intro({ date, size, runs, minutes, load, node, redis, cpu, memory, os, libraries: versions }, libraries, others) {
  const names = libraries.map((library) => `${LIBRARIES[library].label} ${versions[library]}`).join(', ')
  return [
    `Written by \`npm run bench\`: ${names} on one machine and one Redis, ${runs} interleaved runs of each core scenario${others} (${size} size, ${minutes} minutes, ${date}, load before the start ${load}).`,
    `Node ${node}, Redis ${redis}, ${cpu}, ${memory}, ${os}. All processes share these cores, Redis included, so absolute numbers are low; compare ratios.`,
    'A ratio says how many times better rqts is, above 1 is a win; losses are **bold**. Then come medians, with the range of all runs.',
  ].join('\n')
}

function targets(results) {
  const rows = TARGETS.flatMap(({ text, check }) => {
    const found = check(results)
    return found ? [[text, found.measured, found.met ? 'met' : '**missed**']] : []
  })
  return rows.length === 0 ? '' : `## Targets\n\n${markdown(['target', 'measured', ''], rows)}`
}

/** Every number by which some rival is better, worst first. */
function losses(results, scenarios, libraries) {
  const rivals = libraries.filter((library) => library !== 'rqts')
  if (rivals.length === 0) return ''
  const found = SECTIONS.flatMap(({ of, metrics }) =>
    scenarios.filter(of).flatMap(({ title, name }) =>
      metrics.flatMap(([suffix, metric]) =>
        rivals.flatMap((rival) => {
          const value = ratio(results, name, rival, metric)
          return value !== undefined && value < 0.995 ? [{ value, row: [`${title}${suffix}`, LIBRARIES[rival].label, times(value)] }] : []
        }),
      ),
    ),
  ).sort((a, b) => a.value - b.value)
  const rows = found.map(({ row }) => row)
  return `## Where rqts loses\n\n${rows.length === 0 ? 'Nowhere in this run.' : markdown(['what', 'to', 'ratio'], rows)}`
}

/** Of the scenarios beside the core, which have as many rounds as the time allows. */
function otherRuns(scenarios, results) {
  const counts = scenarios.filter(({ core }) => !core).flatMap(({ name }) => Object.values(results[name] ?? {}).map((all) => all.length))
  if (counts.length === 0) return ''
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return `, ${least === most ? most : `${least} to ${most}`} of each other one`
}

function failed(failures) {
  if (failures.length === 0) return ''
  const rows = failures.map(({ scenario, library, message }) => `- ${scenario}, ${LIBRARIES[library].label}: ${message}`)
  return `## Runs that failed\n\n${rows.join('\n')}`
}

/** What people have found out with a profiler. */
function notes() {
  return readFileSync(new URL('notes.md', import.meta.url), 'utf8').trim()
}

function deliveries(results) {
  let runs = 0
  const wrong = []
  for (const [scenario, libraries] of Object.entries(results)) {
    for (const [library, all] of Object.entries(libraries)) {
      for (const run of all) {
        if (run.deliveries === undefined) continue
        runs++
        const text = complaint(run.deliveries)
        if (text !== undefined) wrong.push(`- ${scenario}, ${LIBRARIES[library].label}: ${text}`)
      }
    }
  }
  const verdict = wrong.length === 0 ? `In all ${runs} runs each job was seen exactly once.` : `${wrong.length} of ${runs} runs did not:`
  return ['## Deliveries', verdict, ...(wrong.length > 0 ? [wrong.join('\n')] : [])].join('\n\n')
}

function complaint(deliveries) {
  if (deliveries === undefined) return undefined
  const { expected, seen, distinct } = deliveries
  return expected === seen && seen === distinct ? undefined : `${expected} jobs done, ${seen} runs of handlers, ${distinct} different jobs`
}

function plain(value) {
  return value >= 100 ? Math.round(value) : Number(value.toFixed(2))
}
