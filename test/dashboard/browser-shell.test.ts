import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startPrivateRedis } from '../../lib/embedded/index.ts'
import { Queue, task } from '../../lib/index.ts'
import { describeBrowser, visit } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard.ts'
import { stage, until } from '../support/stage.ts'

const PAGES = ['overview', 'jobs', 'errors', 'schedules', 'workflows', 'workers', 'redis']

describeBrowser('around the pages', () => {
  test('keys lead to every page, to the search, the help and the palette', async () => {
    const here = await stage()
    await here.queue('mail').enqueue('send', [])
    const page = await visit(await serveDashboard(here))
    const keys = { o: 'overview', j: 'jobs', e: 'errors', s: 'schedules', f: 'workflows', w: 'workers', r: 'redis' }
    for (const [key, name] of Object.entries(keys)) {
      // Both within a moment, which a busy machine may need another try for.
      await until(`g ${key} leads to ${name}`, async () => {
        await page.keyboard.press('g')
        await page.keyboard.press(key)
        return page.url().endsWith(`#/${name}`)
      })
    }
    await page.getByRole('heading', { name: 'Redis' }).waitFor()
    await page.keyboard.press('/')
    await page.getByRole('searchbox', { name: 'Search jobs' }).waitFor()
    await page.keyboard.press('/')
    await page.locator('input:focus').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('mail')
    await page.getByRole('option', { name: /^mail/ }).waitFor()
    await page.keyboard.press('Enter')
    await until('the palette leads to the queue', () => page.url().includes('q=queue%3Amail'))
  })

  test('themes: the system’s, light, dark, remembered', async () => {
    const page = await visit(await serveDashboard(await stage()), { colorScheme: 'dark' })
    const root = page.locator('html')
    const isTheme = (name: string) => until(`it is ${name}`, async () => (await root.getAttribute('data-theme')) === name)
    await isTheme('dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await isTheme('light')
    await page.keyboard.press('t')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.getByRole('button', { name: 'Theme: Light' }).waitFor()
    await isTheme('light')
    await page.keyboard.press('t')
    await isTheme('dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await page.reload()
    await isTheme('dark')
  })

  test('speaks Chinese to who prefers it, and either when asked', async () => {
    const page = await visit(`${await serveDashboard(await stage())}#/jobs`, { locale: 'zh-CN' })
    await page.getByRole('heading', { name: '任务' }).waitFor()
    await page.locator('html[lang=zh]').waitFor()
    await page.getByRole('button', { name: '语言' }).click()
    await page.getByRole('heading', { name: 'Jobs' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Jobs' }).waitFor()
  })

  test('at the width of a phone nothing sticks out, on any page', async () => {
    const here = await stage()
    const long = 'a.rather/long:name_of.a-queue.that/nobody:would.choose_in-earnest'
    await here.queue(long).enqueueMany([1, 2].map(() => [`${long}.task`, ['x'.repeat(500)], { tags: ['one', 'two'] }] as const))
    const url = await serveDashboard(here)
    const page = await visit(url, { viewport: { width: 360, height: 740 }, hasTouch: true })
    for (const name of PAGES) {
      await page.goto(`${url}#/${name}`)
      await page.locator('main h1').waitFor()
      const width = await page.evaluate('document.documentElement.scrollWidth')
      expect(`${name}: ${String(width)}`).toBe(`${name}: 360`)
    }
    await page.goto(`${url}#/jobs`)
    await page
      .getByRole('link', { name: `${long}.task` })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  })

  test('at the width of a phone the list of jobs still says why one failed', async () => {
    const here = await stage()
    const fail = task('resize', (): never => {
      throw new TypeError(`${'cat'.repeat(60)}.png is not a picture`)
    })
    await here.queue('images').enqueue(fail, [])
    await here.worker('images', { tasks: [fail], burst: true }).run()
    const page = await visit(`${await serveDashboard(here)}#/jobs`, { viewport: { width: 360, height: 740 } })
    const why = page.locator('tbody tr').getByText('is not a picture').locator('visible=true')
    await why.waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('columnheader', { name: 'Call or error' }).waitFor()
    expect(await why.count()).toBe(1)
  })

  test('who may only look sees no button that changes anything', async () => {
    const here = await stage()
    const fail = task('fail', () => Promise.reject(new Error('no')))
    await here.queue('q').enqueue(fail, [])
    const job = await here.queue('q').enqueue(fail, [])
    await here.worker('q', { tasks: [fail], burst: true }).run()
    const url = await serveDashboard(here, { readOnly: true })
    const page = await visit(url)
    await page.getByText('read-only').waitFor()
    const shown: string[] = []
    for (const [target, seen] of [
      ['overview', 'All is well'],
      ['jobs?q=state:failed', '2 matching'],
      [`job/q/${job.id}`, 'Timeline'],
      ['errors', '1 different errors'],
      ['schedules', 'No schedules'],
      ['workers', 'No workers'],
    ]) {
      await page.goto(`${url}#/${target}`)
      await page.getByText(seen!).first().waitFor()
      shown.push(...(await page.getByRole('main').getByRole('button').allTextContents()))
    }
    expect(shown.filter((text) => /Requeue|Delete|Cancel\b|Pause|Empty|Run now|Edit|Stop/.test(text))).toEqual([])
    await page.goto(`${url}#/jobs?q=state:failed`)
    await page.locator('[data-total="2"]').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('r')
    expect((await here.queue('q').counts()).failed).toBe(2)
  })

  test('actions come also when the first question who is looking broke off', async () => {
    const here = await stage()
    await here.queue('mail').enqueue('send', [])
    const page = await visit(await serveDashboard(here), {
      prepare: async (opened) => void (await opened.route('**/api/session', (route) => route.abort(), { times: 1 })),
    })
    await page.getByRole('row', { name: /^mail/ }).getByRole('button', { name: 'Pause' }).waitFor()
  })

  test('asks for a password when one is set', async () => {
    const here = await stage()
    await here.queue('mail').enqueue('send', [])
    const url = await serveDashboard(here, { auth: { user: 'ann', password: 'opensesame' } })
    await expect(visit(url)).rejects.toThrow('ERR_INVALID_AUTH_CREDENTIALS')
    const ann = await visit(url, { httpCredentials: { username: 'ann', password: 'opensesame' } })
    await ann.getByText('mail: 1 waiting, no worker').waitFor()
    await ann.locator('[data-live=live]').waitFor()
  })

  test.each([
    ['that cuts its path off', ''],
    ['that leaves its path on', '/team/queues'],
  ])('works below a path, behind a proxy %s', async (_, basePath) => {
    const here = await stage()
    const fail = task('fail', () => Promise.reject(new Error('no')))
    await here.queue('mail').enqueue(fail, [])
    await here.worker('mail', { tasks: [fail], burst: true }).run()
    const behind = new URL(await serveDashboard(here, basePath === '' ? { hosts: ['*'] } : { basePath, hosts: ['*'] }))
    const url = await proxyBelow('/team/queues', behind.port, basePath === '')
    const page = await visit(url)
    await page.locator('[data-live=live]').waitFor()
    await page.getByRole('link', { name: 'Errors' }).click()
    await page.getByRole('button', { name: 'Requeue all' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Requeue 1' }).click()
    await page.locator('.bulk[data-state=done]').waitFor()
    await page.reload()
    await page.getByText('No failed jobs').waitFor()
  })

  test('Redis away: the page says so, keeps what it knew, and heals', async () => {
    const server = await startPrivateRedis({ install: true })
    onTestFinished(() => server.stop())
    await using queue = new Queue('mail', { connection: server.url, prefix: 'away' })
    await queue.enqueue('send', [])
    const page = await visit(await serveDashboard({ url: server.url, prefix: 'away' }))
    await page.getByText('mail: 1 waiting, no worker').waitFor()
    await server.stop()
    await page.getByText('Redis cannot be reached.').waitFor()
    expect(await page.getByText('mail: 1 waiting, no worker').count()).toBe(1)
    const again = await startPrivateRedis({ install: true, port: server.port })
    onTestFinished(() => again.stop())
    await page.getByText('Redis cannot be reached.').waitFor({ state: 'detached' })
    await page.getByText('No queue yet').waitFor()
  })

  test('the dashboard away: the page says so, and goes on when it is back', async () => {
    const here = await stage()
    const address = await serveDashboard(here)
    let cut = false
    const url = await proxyBelow('', new URL(address).port, false, () => cut)
    const page = await visit(url)
    await page.locator('[data-live=live]').waitFor()
    cut = true
    await page.locator('[data-live=lost]').waitFor()
    await page.locator('.outage', { hasText: 'does not answer' }).waitFor()
    cut = false
    await page.locator('[data-live=live]').waitFor()
    await here.queue('mail').enqueue('send', [])
    await page.getByText('mail: 1 waiting, no worker').waitFor()
  })

  test('live updates rest while the page is hidden, or when asked to', async () => {
    const here = await stage()
    const page = await visit(await serveDashboard(here))
    await page.locator('[data-live=live]').waitFor()
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`)
    await hide(true)
    await page.locator('[data-live=paused]').waitFor()
    await here.queue('mail').enqueue('send', [])
    await hide(false)
    await page.getByText('mail: 1 waiting, no worker').waitFor()
    await page.keyboard.press('.')
    await page.locator('[data-live=paused]').waitFor()
    await page.keyboard.press('.')
    await page.locator('[data-live=live]').waitFor()
  })
})

/** A reverse proxy that has the dashboard below a path; `strip` cuts it off, `cut` breaks what is open and refuses what comes. */
async function proxyBelow(path: string, port: string, strip: boolean, cut: () => boolean = () => false): Promise<string> {
  const server = createServer((request, response) => {
    if (cut() || request.url?.startsWith(path) !== true) return void response.destroy()
    const target = strip ? request.url.slice(path.length) : request.url
    const asked = ask({ host: '127.0.0.1', port, method: request.method, path: target, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.on('data', (chunk) => (cut() ? response.destroy() : response.write(chunk)))
      answer.on('end', () => response.end())
    })
    asked.on('error', () => response.destroy())
    response.on('close', () => asked.destroy())
    request.pipe(asked)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}/`
}
