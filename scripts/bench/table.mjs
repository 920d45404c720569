// Results as rows of Markdown. A ratio says how many times better rqts is: above 1 is a win, whatever is measured.
import { LIBRARIES } from './libraries.mjs'
import { summary } from './stats.mjs'

const short = (value) => (value >= 99.95 ? Math.round(value).toLocaleString('en') : value >= 9.995 ? value.toFixed(1) : value.toFixed(2))

/** `better`: which way is good. `unit` stands in the head of the table. */
export const METRICS = {
  rate: { better: 'more', show: (value) => (value >= 1_000 ? `${short(value / 1_000)} k` : short(value)) },
  enqueueRate: { better: 'more', show: (value) => `${short(value / 1_000)} k` },
  processRate: { better: 'more', show: (value) => `${short(value / 1_000)} k` },
}

export function metricOf(name) {
  return METRICS[name] ?? { better: 'less', show: short }
}

/** Of all runs, or undefined where the library was not measured. */
export function stat(results, scenario, library, metric) {
  const runs = results[scenario]?.[library] ?? []
  const values = runs.map((run) => run[metric]).filter((value) => Number.isFinite(value))
  return values.length === 0 ? undefined : summary(values)
}

export function ratio(results, scenario, rival, metric) {
  const [own, other] = ['rqts', rival].map((library) => stat(results, scenario, library, metric)?.median)
  if (own === undefined || other === undefined) return undefined
  if (own <= 0 || other <= 0) return undefined
  return metricOf(metric).better === 'more' ? own / other : other / own
}

export function times(value) {
  return value === undefined ? '–' : `${value >= 9.95 ? value.toFixed(0) : value >= 1.995 ? value.toFixed(1) : value.toFixed(2)} ×`
}

export function cell(results, scenario, library, metric) {
  const found = stat(results, scenario, library, metric)
  if (found === undefined) return '–'
  const { show } = metricOf(metric)
  const range = found.min === found.max ? '' : ` (${show(found.min)} – ${show(found.max)})`
  return `${show(found.median)}${range}`
}

/** Ratios first, then medians with their ranges. `rows`: [title, scenario, metric]. */
export function comparison(results, libraries, head, rows) {
  const rivals = libraries.filter((name) => name !== 'rqts')
  const present = rows.filter(([, scenario, metric]) => libraries.some((library) => stat(results, scenario, library, metric) !== undefined))
  if (present.length === 0) return ''
  const heads = [head, ...rivals.map((name) => `× ${LIBRARIES[name].label}`), ...libraries.map((name) => LIBRARIES[name].label)]
  return markdown(
    heads,
    present.map(([title, scenario, metric]) => [
      title,
      ...rivals.map((rival) => mark(ratio(results, scenario, rival, metric))),
      ...libraries.map((library) => cell(results, scenario, library, metric)),
    ]),
  )
}

/** Losses catch the eye. */
function mark(value) {
  return value !== undefined && value < 0.995 ? `**${times(value)}**` : times(value)
}

export function markdown(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}
