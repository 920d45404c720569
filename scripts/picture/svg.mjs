import { stripVTControlCharacters } from 'node:util'

const COLOURS = {
  30: '#484f58',
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#76e3ea',
  37: '#e6edf3',
  90: '#8b949e',
}
// oxlint-disable-next-line no-control-regex -- colours begin with one
const SGR = /(\u001b\[[\d;]*m)/
const CHARACTER_PX = 8.4
const LINE_PX = 19
const MARGIN_PX = 18

/** What a terminal would show of a text with colour codes: bold, dim and the eight colours. */
export function terminalSvg(text) {
  const lines = text.split('\n')
  const columns = Math.max(...lines.map((line) => stripVTControlCharacters(line).length))
  const width = Math.ceil(columns * CHARACTER_PX + 2 * MARGIN_PX)
  const height = lines.length * LINE_PX + 2 * MARGIN_PX + 14
  const rows = lines.map((line, at) => row(line, 14 + MARGIN_PX + (at + 0.75) * LINE_PX))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>A worker and rqts info in a terminal</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<circle cx="18" cy="16" r="5" fill="#ff5f57"/><circle cx="36" cy="16" r="5" fill="#febc2e"/><circle cx="54" cy="16" r="5" fill="#28c840"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e6edf3">
${rows.join('\n')}
</g>
</svg>
`
}

function row(line, y) {
  let style = {}
  let column = 0
  let spans = ''
  for (const part of line.split(SGR)) {
    if (part.startsWith('\x1b[')) {
      for (const code of part.slice(2, -1).split(';').map(Number)) style = restyle(style, code)
      continue
    }
    if (part === '') continue
    // Each span has its place, so that columns stand even where a font has other widths.
    spans += `<tspan x="${(MARGIN_PX + column * CHARACTER_PX).toFixed(1)}"${attributes(style)}>${escape(part)}</tspan>`
    column += part.length
  }
  return `<text y="${y.toFixed(1)}">${spans}</text>`
}

function restyle(style, code) {
  if (code === 0) return {}
  if (code === 1) return { ...style, bold: true }
  if (code === 2) return { ...style, dim: true }
  if (code === 22) return { ...style, bold: false, dim: false }
  if (code === 39) return { ...style, colour: undefined }
  return COLOURS[code] ? { ...style, colour: COLOURS[code] } : style
}

function attributes({ bold, dim, colour }) {
  return `${colour ? ` fill="${colour}"` : ''}${bold ? ' font-weight="bold"' : ''}${dim ? ' fill-opacity="0.65"' : ''}`
}

function escape(text) {
  // Runs of spaces would collapse, and not every viewer of SVG can be told not to.
  return text.replace(/[&<> ]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', ' ': '\u00a0' })[character])
}
