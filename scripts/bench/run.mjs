// `npm run bench [-- FILTER… --quick]`: rqts against BullMQ and Bee-Queue on one machine and one Redis, interleaved.
// A full run without a filter writes docs/benchmarks.md; any other prints it, or writes to --out.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../modules.mjs'
import { Bench } from './bench.mjs'
import { LIBRARIES } from './libraries.mjs'
import { prepare, setAside, versions } from './prepare.mjs'
import { report } from './report.mjs'
import { Rounds } from './rounds.mjs'
import { SIZES, scenariosOf } from './scenarios.mjs'

const USAGE = `npm run bench -- [FILTER…] [options]
  FILTER            a scenario, or a part of the names of several; --list shows them
  --quick           small numbers, 3 runs, core scenarios: some minutes
  --runs N          runs of each core scenario (default 5, quick 3), and at most of the others
  --minutes N       when they are over, each other scenario has no more than its first run (default 30)
  --only LIST       libraries to run, of ${Object.keys(LIBRARIES).join(',')}
  --out DIR         write benchmarks.md, its plots and results.jsonl there
  --profile DIR     write a CPU profile of each process there; the numbers suffer
  --dist DIR        measure this build, of now or of another day, instead of building
  --size tiny       only see whether everything runs`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    size: { type: 'string' },
    runs: { type: 'string' },
    minutes: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string' },
    profile: { type: 'string' },
    dist: { type: 'string' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

const sizeName = values.size ?? (values.quick ? 'quick' : 'full')
const size = SIZES[sizeName]
const libraries = values.only?.split(',') ?? Object.keys(LIBRARIES)
const scenarios = chosen(scenariosOf(size))

if (values.help) console.log(USAGE)
else if (values.list) console.log(scenarios.map(({ name, title }) => `${name.padEnd(18)} ${title}`).join('\n'))
else await main()

function chosen(all) {
  if (positionals.length === 0) return all.filter(({ core, asked }) => core || (!asked && sizeName !== 'quick'))
  const names = new Set(all.map(({ name }) => name))
  return all.filter(({ name }) => positionals.some((text) => (names.has(text) ? name === text : name.includes(text))))
}

async function main() {
  // What ends with this process is to end: Redis, the agents, the copy of the build.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  prepare({ rivals: libraries.some((name) => name !== 'rqts'), built: values.dist !== undefined })
  const dist = setAside(resolve(root, values.dist ?? 'dist'))
  const start = (results) => Bench.start({ dist, size, results, profile: values.profile, log: console.log })
  const runs = Number(values.runs ?? size.runs)
  const rounds = await Rounds.begin({ start, libraries, runs })
  try {
    const about = { size: sizeName, runs, ...(await versions(rounds.redis, libraries)) }
    console.log(JSON.stringify(about))
    if (about.load > 0.5) console.warn(`The machine is busy (load ${about.load}): expect noise`)
    const began = Date.now()
    await rounds.all(scenarios, Number(values.minutes ?? 30))
    const minutes = Math.round((Date.now() - began) / 6_000) / 10
    publish({ about: { ...about, minutes }, scenarios, results: rounds.results, failures: rounds.failures })
  } finally {
    await rounds.stop()
  }
}

function publish(run) {
  const whole = positionals.length === 0 && sizeName === 'full' && libraries.length === Object.keys(LIBRARIES).length
  const out = values.out ?? (whole ? join(root, 'docs') : undefined)
  const { markdown, plots } = report(run)
  if (out === undefined) return console.log(`\n${markdown}`)
  mkdirSync(join(out, 'benchmarks'), { recursive: true })
  writeFileSync(join(out, 'benchmarks.md'), markdown)
  for (const [file, svg] of Object.entries(plots)) writeFileSync(join(out, 'benchmarks', file), svg)
  writeFileSync(join(out, 'benchmarks', 'results.jsonl'), lines(run))
  console.log(`Wrote ${join(out, 'benchmarks.md')}`)
}

/** Every run of everything: first what was measured where, then a line per scenario and library. */
function lines({ about, results, failures }) {
  const entries = Object.entries(results).flatMap(([scenario, all]) =>
    Object.entries(all).map(([library, runs]) => ({ scenario, library, runs })),
  )
  return [{ ...about, failures }, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('')
}
