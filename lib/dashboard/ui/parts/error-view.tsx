import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ErrorDetail } from '../../contract.ts'
import { t } from '../i18n/index.ts'
import { Button, CopyButton } from './basic.tsx'

/** The frames of the user's own code first; those of others when asked for. */
export function ErrorView({ error }: { error: ErrorDetail }): JSX.Element {
  const [whole, setWhole] = useState(false)
  const own = error.frames.filter((frame) => frame.own)
  const foreign = error.frames.length - own.length
  const shown = whole || own.length === 0 ? error.frames : own
  return (
    <div class="error-view">
      <p class="error-title">
        <b>{error.name}</b>
        {error.code !== null && <code>{String(error.code)}</code>} <span>{error.message}</span>
        <CopyButton text={error.stack ?? `${error.name}: ${error.message}`} label={t.copy} />
      </p>
      {shown.length > 0 && (
        <ol class="frames">
          {shown.map((frame, i) => (
            <li key={i} class={frame.own ? 'own' : ''}>
              {frame.text}
            </li>
          ))}
        </ol>
      )}
      {own.length > 0 && foreign > 0 && (
        <Button small kind="ghost" onClick={() => setWhole(!whole)}>
          {whole ? t.job.ownFrames : t.job.moreFrames(foreign)}
        </Button>
      )}
      {error.cause !== null && (
        <div class="cause">
          <p class="muted">{t.job.cause}</p>
          <ErrorView error={error.cause} />
        </div>
      )}
    </div>
  )
}
