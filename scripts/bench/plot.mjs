// Bars as SVG: groups of one bar per library, a thin line from the worst run to the best. Reads well on light and dark pages.

const WIDTH = 860
const HEIGHT = 330
const MARGIN = { top: 54, right: 16, bottom: 62, left: 64 }
const INK = '#6b7280'

/** `groups`: [{ label, bars: [{ color, median, min, max } or undefined] }], one bar per entry of `legend`: [{ label, color }]. */
export function barPlot({ title, unit, legend, groups }) {
  const [width, height] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom]
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map((bar) => bar?.max ?? 0)))
  const { ticks, top } = scale(most)
  const y = (value) => MARGIN.top + height * (1 - value / top)
  const groupWidth = width / groups.length
  const barWidth = Math.min(46, (groupWidth * 0.78) / legend.length)
  const drawn = groups.flatMap(({ label, bars }, i) => {
    const middle = MARGIN.left + groupWidth * (i + 0.5)
    const left = middle - (barWidth * bars.length) / 2
    return [
      ...bars.map((bar, j) => (bar === undefined ? '' : drawBar(left + j * barWidth, barWidth, bar, y))),
      ...label.split(', ').map((line, j) => text(middle, HEIGHT - MARGIN.bottom + 18 + j * 14, line, 'middle')),
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escape(title)}</title>`,
    text(MARGIN.left, 20, title, 'start', 'font-size="15" font-weight="600"'),
    text(MARGIN.left, 38, unit, 'start'),
    ...legend.map(({ label, color }, i) => drawLegend(WIDTH - MARGIN.right - (legend.length - i) * 100, label, color)),
    ...ticks.map((tick) => gridLine(y(tick), tick)),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

function drawBar(x, width, { color, median, min, max }, y) {
  const middle = round(x + width / 2)
  const bar = `<rect x="${round(x + 1)}" y="${round(y(median))}" width="${round(width - 2)}" height="${round(y(0) - y(median))}" fill="${color}"/>`
  const whisker = min === max ? '' : `<path d="M${middle} ${round(y(min))}V${round(y(max))}" stroke="${INK}" stroke-width="1.5"/>`
  return `${bar}${whisker}${text(middle, round(y(max) - 5), compact(median), 'middle', 'font-size="11"')}`
}

function drawLegend(x, label, color) {
  return `<rect x="${x}" y="11" width="11" height="11" fill="${color}"/>${text(x + 16, 21, label, 'start')}`
}

function gridLine(y, tick) {
  const path = `<path d="M${MARGIN.left} ${round(y)}H${WIDTH - MARGIN.right}" stroke="${INK}" stroke-opacity="0.25"/>`
  return `${path}${text(MARGIN.left - 8, round(y + 4), compact(tick), 'end')}`
}

/** Steps of 1, 2 or 5 times a power of ten. */
function scale(most) {
  const rough = (most || 1) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power
  const count = Math.ceil((most || 1) / step)
  return { ticks: Array.from({ length: count + 1 }, (_, i) => i * step), top: count * step }
}

function text(x, y, content, anchor, more = '') {
  return `<text x="${round(x)}" y="${y}" text-anchor="${anchor}" fill="${INK}" ${more}>${escape(content)}</text>`
}

function compact(value) {
  if (value >= 1_000) return `${round(value / 1_000)} k`
  return String(value >= 10 ? Math.round(value) : Number(value.toFixed(2)))
}

function round(value) {
  return Math.round(value * 10) / 10
}

function escape(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
