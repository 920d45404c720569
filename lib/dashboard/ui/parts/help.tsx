import type { JSX } from 'preact'
import { t } from '../i18n/index.ts'
import { Button } from './basic.tsx'
import { Dialog } from './dialog.tsx'
import { PAGES } from './palette.tsx'

export function Help({ onClose }: { onClose(): void }): JSX.Element {
  const keys: [string, string][] = [
    ['/', t.help.search],
    ['j k', t.help.move],
    ['x', t.help.select],
    ['Enter', t.help.open],
    ['r', t.help.requeue],
    ['.', t.help.pause],
    ['t', t.help.theme],
    ['⌘K', t.help.palette],
    ['?', t.help.help],
    ...PAGES.map(({ page, key }): [string, string] => [`g ${key}`, t.nav[page]]),
  ]
  return (
    <Dialog title={t.help.title} onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, text]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-actions">
        <Button onClick={onClose}>{t.close}</Button>
      </div>
    </Dialog>
  )
}
