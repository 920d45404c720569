import type { ComponentChildren, JSX } from 'preact'
import type { PayloadView } from '../../contract.ts'
import { bytes } from '../format.ts'
import { t } from '../i18n/index.ts'
import { CopyButton } from './basic.tsx'

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
/** Beyond, colour costs more than it shows. */
const MAX_COLOURED = 20_000

/** JSON with its tokens told apart. All of it is text nodes. */
export function Json({ value }: { value: unknown }): JSX.Element {
  const text = JSON.stringify(value, null, 2) ?? 'undefined'
  return (
    <pre class="json" tabIndex={0}>
      {text.length > MAX_COLOURED ? text : coloured(text)}
    </pre>
  )
}

function coloured(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon, word] = match
    parts.push(text.slice(end, match.index))
    const kind = string === undefined ? (word === undefined ? 'number' : 'word') : colon === undefined ? 'string' : 'key'
    parts.push(<span class={`json-${kind}`}>{string ?? whole}</span>, colon)
    end = match.index + whole.length
  }
  parts.push(text.slice(end))
  return parts
}

interface PayloadProps {
  payload: PayloadView
  /** Where the whole of it can be had. */
  download: string
}

export function Payload({ payload, download }: PayloadProps): JSX.Element {
  const text = typeof payload.value === 'string' && payload.truncated ? payload.value : JSON.stringify(payload.value, null, 2)
  return (
    <div class="payload">
      {payload.truncated ? (
        <pre class="json" tabIndex={0}>
          {text}…
        </pre>
      ) : (
        <Json value={payload.value} />
      )}
      <p class="payload-foot">
        <span class="muted">{bytes(payload.bytes)}</span>
        {payload.redacted && <span class="badge plain">{t.job.redacted}</span>}
        {payload.truncated && <span class="badge plain">{t.job.truncated}</span>}
        <CopyButton text={text ?? ''} label={t.copy} />
        <a href={download} download>
          {t.job.download}
        </a>
      </p>
    </div>
  )
}
