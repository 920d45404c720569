// The order of all runs, and what becomes of one that fails: the page tells of it, and the rest goes on.
import { setTimeout as sleep } from 'node:timers/promises'
import { LIBRARIES } from './libraries.mjs'
import { oneLine } from './report.mjs'

const PATIENCE_MS = 90_000
/** A library that fails in a scenario as often is left out of the rest of it. */
const MAX_FAILURES = 2

export class Rounds {
  /** scenario → library → list of runs. */
  results = {}
  /** { scenario, library, message }. */
  failures = []
  #bench
  #start
  #libraries
  #runs

  /** `start(results)` → Bench: again after each failure, which may have left anything behind. */
  static async begin({ start, libraries, runs }) {
    const rounds = new Rounds()
    rounds.#start = start
    rounds.#libraries = libraries
    rounds.#runs = runs
    rounds.#bench = await start(rounds.results)
    return rounds
  }

  get redis() {
    return this.#bench.redis
  }

  /** The core scenarios one after the other, then the others in rounds: as many as fit into `minutes`, one at least. */
  async all(scenarios, minutes) {
    const end = Date.now() + minutes * 60_000
    const core = scenarios.filter((scenario) => scenario.core)
    for (const scenario of core) for (let i = 0; i < this.#roundsOf(scenario); i++) await this.#round(scenario, i)
    const others = scenarios.filter((scenario) => !scenario.core)
    for (let i = 0; i < Math.max(0, ...others.map((scenario) => this.#roundsOf(scenario))); i++) {
      for (const scenario of others) {
        if (i < this.#roundsOf(scenario) && (i === 0 || Date.now() < end)) await this.#round(scenario, i)
      }
    }
  }

  async stop() {
    await this.#bench.stop()
  }

  #roundsOf({ runs }) {
    return Math.min(runs, this.#runs)
  }

  /** Interleaved: what disturbs the machine for a while disturbs all alike. The order turns, for the first is the coldest. */
  async #round(scenario, i) {
    const { needs, only = this.#libraries } = scenario
    const able = this.#libraries.filter((library) => only.includes(library) && !LIBRARIES[library].lacks.includes(needs))
    for (let j = 0; j < able.length; j++) {
      const library = able[(i + j) % able.length]
      const failed = this.failures.filter((failure) => failure.scenario === scenario.name && failure.library === library)
      if (failed.length < MAX_FAILURES) await this.#run(scenario, library, `${i + 1}/${this.#roundsOf(scenario)}`)
    }
  }

  async #run(scenario, library, count) {
    const { name, measure, plan, patienceMs = PATIENCE_MS } = scenario
    const measured = measure(this.#bench, library, plan)
    let line
    try {
      const result = await within(patienceMs, measured)
      const known = (this.results[name] ??= {})
      ;(known[library] ??= []).push(...[result].flat())
      line = oneLine(result)
    } catch (error) {
      this.failures.push({ scenario: name, library, message: messageOf(error) })
      line = `failed: ${error.stack}`
      await this.#bench.stop()
      // What it waits for is gone.
      await Promise.race([measured.catch(() => undefined), sleep(5_000)])
      this.#bench = await this.#start(this.results)
    }
    console.log(`${name.padEnd(20)} ${library.padEnd(7)} ${count}  ${line}`)
  }
}

async function within(ms, work) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${ms / 1_000} s`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** One line for the page, without paths of this machine. */
function messageOf(error) {
  const [first] = String(error.message).split('\n')
  return first.replaceAll(/(?:file:\/\/)?(?:\/[\w.@~-]+){2,}/g, '…').slice(0, 200)
}
