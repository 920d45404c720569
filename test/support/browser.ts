import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, describe, expect, vi } from 'vitest'
import { findChromium } from './chromium.ts'

/**
 * One Chromium per test file, a fresh context per page. Whatever a page does wrong fails its test: an exception, an error on the console,
 * a violation of the content security policy, a request to anywhere but its own server.
 */
const program = findChromium()
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

// A browser wants a core for itself, which it does not get where everything is tested at once.
vi.setConfig({ testTimeout: 150_000, hookTimeout: 150_000 })

/** Skipped, with the reason in the name, on a machine that has no browser; in CI a missing browser is a failure. */
export const describeBrowser: typeof describe | typeof describe.skip =
  program === undefined && !process.env.CI ? (describe.skip as typeof describe) : describe

let browser: Promise<Browser> | undefined
const open: { context: BrowserContext; faults: string[] }[] = []

export interface VisitOptions extends BrowserContextOptions {
  /** Before the page is opened. */
  prepare?: (page: Page) => Promise<void>
}

export async function visit(url: string, options: VisitOptions = {}): Promise<Page> {
  const { prepare, ...rest } = options
  if (program === undefined) throw new Error('No Chromium: set RQTS_CHROMIUM, or install one (apt-get install chromium)')
  browser ??= chromium.launch({ executablePath: program, args: ARGUMENTS, timeout: 120_000 })
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, ...rest })
  const faults: string[] = []
  open.push({ context, faults })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  watch(page, new URL(url).origin, (text) => void faults.push(text))
  await prepare?.(page)
  await page.goto(url)
  return page
}

function watch(page: Page, origin: string, fault: (text: string) => void): void {
  page.on('pageerror', (error) => fault(`exception: ${error.message}`))
  page.on('console', (message) => {
    // The browser's own lines about a refused request say what the test asks for by other means.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) fault(`console: ${message.text()}`)
  })
  page.on('dialog', (dialog) => {
    fault(`a script opened a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url())
    if (protocol.startsWith('http') && asked !== origin) fault(`request to ${asked}`)
  })
}

afterEach(async () => {
  const faults: string[] = []
  for (const { context, faults: own } of open.splice(0)) {
    await context.close()
    faults.push(...own)
  }
  expect(faults).toEqual([])
})

afterAll(async () => {
  await (await browser)?.close()
})
