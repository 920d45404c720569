import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const css = readFileSync(new URL('../../lib/dashboard/ui/style/base.css', import.meta.url), 'utf8')
const light = colours(/:root \{([^}]*)\}/)
const themes = { light, dark: { ...light, ...colours(/:root\[data-theme="dark"\] \{([^}]*)\}/) } }

/** What is written in which colour on which ground. */
const PAIRS = [
  ...['bg', 'surface', 'sunken', 'accent-soft', 'bad-soft', 'warn-soft', 'good-soft'].map((ground) => ['text', ground] as const),
  ...['bg', 'surface', 'sunken'].map((ground) => ['muted', ground] as const),
  ...['good', 'bad', 'warn', 'info', 'violet'].flatMap((tone) => [
    [tone, `${tone}-soft`] as const,
    [tone, 'surface'] as const,
    [tone, 'sunken'] as const,
  ]),
  ['on-accent', 'accent'],
  ['surface', 'bad'],
] as const

describe.each(Object.entries(themes))('in the %s theme', (_, theme) => {
  test.each(PAIRS)('%s can be read on %s (WCAG AA, 4.5 : 1)', (ink, ground) => {
    expect(contrast(theme[ink]!, theme[ground]!)).toBeGreaterThanOrEqual(4.5)
  })
})

function colours(block: RegExp): Record<string, string> {
  const text = block.exec(css)?.[1] ?? ''
  return Object.fromEntries([...text.matchAll(/--([\w-]+): (#[0-9a-f]{3,6});/g)].map(([, name, value]) => [name!, value!]))
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

function luminance(hex: string): number {
  const full = hex.length === 4 ? hex.slice(1).replace(/./g, '$&$&') : hex.slice(1)
  const [r, g, b] = [0, 2, 4].map((at) => {
    const value = Number.parseInt(full.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
