import { expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../../lib/index.ts'
import { describeBrowser, visit } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard.ts'
import { gate, stage, until } from '../support/stage.ts'

/** What was heard of has been drawn, and its effects have run. */
const TWO_FRAMES = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))'

describeBrowser('the page of a job', () => {
  test('tells each attempt, and the error with the frames of the user first', async () => {
    const here = await stage()
    const resize = task({ name: 'resize', retry: { max: 2, delay: 1 } }, (width: unknown): void => {
      JSON.parse(`not json ${String(width)}`)
    })
    const job = await here.queue('images').enqueue(resize, ['wide'])
    void here.worker('images', { tasks: [resize], name: 'web.1' }).run()
    await until('it has failed', async () => (await job.refresh()).status === 'failed')
    const page = await visit(`${await serveDashboard(here)}#/job/images/${job.id}`)
    const timeline = page.locator('.timeline')
    for (const n of [1, 2]) await timeline.getByText(`Attempt ${n} · failed, tried again`).waitFor()
    await timeline.getByText('Attempt 3 · failed', { exact: true }).waitFor()
    expect(await timeline.getByRole('link', { name: 'web.1' }).count()).toBe(3)
    const frames = page.locator('.frames li')
    expect(await frames.first().textContent()).toContain('browser-job.test.ts')
    const own = await frames.count()
    await page.getByRole('button', { name: /^and .*frames? of packages/ }).click()
    await until('all frames are there', async () => (await frames.count()) > own)
    expect(await page.getByText('"wide"').count()).toBe(1)
  })

  test('follows progress, log lines and the end without a reload', async () => {
    const here = await stage()
    const steps = [gate(), gate()]
    const crawl = task('crawl', async function (this: import('../../lib/index.ts').JobContext) {
      await this.log('first line')
      await steps[0]!.promise
      await this.progress({ done: 7, total: 10 })
      await this.log('second line')
      await this.setMeta({ seen: 42 })
      await steps[1]!.promise
      return { pages: 3 }
    })
    const job = await here.queue('web').enqueue(crawl, [])
    void here.worker('web', { tasks: [crawl] }).run()
    const page = await visit(`${await serveDashboard(here)}#/job/web/${job.id}`)
    const log = page.getByRole('log')
    await log.getByText('first line').waitFor()
    steps[0]!.open()
    await log.getByText('second line').waitFor()
    await page.locator('[data-progress="70"]').waitFor()
    await page.getByText('"seen"').waitFor()
    steps[1]!.open()
    await page.locator('.job-title').getByText('finished').waitFor()
    await page.getByText('"pages"').waitFor()
    expect(await log.locator('div').allTextContents()).toEqual(['first line', 'second line'])
  })

  test('the log goes on growing when old lines go for new ones', async () => {
    const here = await stage()
    const [begun, more] = [gate(), gate()]
    const chatty = task('chatty', async function (this: import('../../lib/index.ts').JobContext) {
      await Promise.all(Array.from({ length: 1_002 }, (_, i) => this.log(`line ${i}`)))
      begun.open()
      await more.promise
      await this.log('line 1002')
    })
    const job = await here.queue('web').enqueue(chatty, [])
    void here.worker('web', { tasks: [chatty] }).run()
    await begun.promise
    const page = await visit(`${await serveDashboard(here)}#/job/web/${job.id}`)
    const log = page.getByRole('log')
    await log.getByText('line 1001', { exact: true }).waitFor()
    more.open()
    await log.getByText('line 1002', { exact: true }).waitFor()
    const lines = await log.locator('div').allTextContents()
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([1_000, 'line 3', 'line 1002'])
  })

  test('the graph leads through the dependencies', async () => {
    const here = await stage()
    const queue = here.queue('media')
    const step = task('step', () => undefined)
    const fetched = await queue.enqueue('fetch', [])
    const made = await queue.enqueueMany(['thumbnail', 'resize'].map((name) => [name, [], { dependsOn: fetched }] as const))
    const last = await queue.enqueue(step, [], { dependsOn: made })
    const page = await visit(`${await serveDashboard(here)}#/job/media/${last.id}`)
    const graph = page.getByRole('group', { name: 'Graph of dependencies' })
    await graph.getByRole('link', { name: 'thumbnail' }).waitFor()
    expect(await graph.locator('.node').count()).toBe(4)
    expect(await graph.locator('.edge').count()).toBe(4)
    expect(await graph.locator('[aria-current]').textContent()).toContain('step')
    await graph.getByRole('link', { name: /^fetch/ }).click()
    await page.getByRole('heading', { name: 'fetch' }).waitFor()
    await until('the fetched one is marked', async () => (await graph.locator('[aria-current]').textContent())?.includes('fetch') === true)
    expect(page.url()).toContain(fetched.id)
  })

  test('a copy is edited in a form made from the schema, and enqueued', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    const schema = z.tuple([z.object({ to: z.string(), copies: z.number(), urgent: z.boolean() })])
    const send = task({ name: 'send', args: schema }, (message) => message.to)
    const job = await queue.enqueue(send, [{ to: 'ann', copies: 1, urgent: false }])
    const worker = here.worker('mail', { tasks: [send] })
    void worker.run()
    await job.result()
    const page = await visit(`${await serveDashboard(here)}#/job/mail/${job.id}`)
    await page.getByRole('button', { name: 'Edit & enqueue a copy' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('to').fill('bob')
    await dialog.getByLabel('copies').fill('3')
    await dialog.getByLabel('urgent').check()
    const edited = JSON.stringify([{ to: 'bob', copies: 3, urgent: true }], null, 2)
    await until('the JSON follows', async () => (await dialog.getByLabel('Arguments (JSON list)').inputValue()) === edited)
    await dialog.getByLabel('Arguments (JSON list)').fill('not json')
    await dialog.getByText('Not a JSON list').waitFor()
    expect(await dialog.getByRole('button', { name: 'Enqueue' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Arguments (JSON list)').fill('[{"to":"cleo","copies":2,"urgent":true}]')
    await dialog.getByRole('button', { name: 'Enqueue' }).click()
    await page.getByText('"cleo"').first().waitFor()
    expect(page.url()).not.toContain(job.id)
  })

  test('copies itself as JSON and as a command; requeues with r; a deleted one says so', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    const send = task('send', (to: string) => to)
    const job = await queue.enqueue(send, ['ann'])
    await here.worker('mail', { tasks: [send], burst: true }).run()
    const page = await visit(`${await serveDashboard(here)}#/job/mail/${job.id}`, { permissions: ['clipboard-read', 'clipboard-write'] })
    const clipboard = async (): Promise<string> => await page.evaluate('navigator.clipboard.readText()')
    await page.getByRole('button', { name: 'Copy command' }).click()
    await until('the command is copied', async () => (await clipboard()).startsWith('rqts enqueue send ann'))
    await page.getByRole('button', { name: 'Copy JSON' }).click()
    await until('the job is copied', async () => (await clipboard()).includes(`"id": "${job.id}"`))
    await page.keyboard.press('r')
    await until('it waits again', async () => (await job.refresh()).status === 'queued')
    await page.locator('.job-title').getByText('waiting').waitFor()
    await job.delete()
    await page.getByText('This job has just been deleted.').waitFor()
    await page.reload()
    await page.getByText(`Job ${job.id} is not there`).waitFor()
  })

  test('one that is deleted while the page asks for it anew says so, and stays to be read', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    const job = await queue.enqueue('send', ['ann'])
    await job.cancel()
    const deleted = gate()
    let asked = 0
    const page = await visit(`${await serveDashboard(here)}#/job/mail/${job.id}`, {
      async prepare(opened) {
        await opened.route(/api\/job\?/, async (route) => {
          if (++asked > 1) await deleted.promise
          await route.continue().catch(() => undefined)
        })
      },
    })
    await page.locator('.state-canceled').waitFor()
    await page.locator('[data-live=live]').waitFor()
    await page.keyboard.press('r')
    await until('it is asked for anew', () => asked === 2)
    await job.delete()
    const replied = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/job')
    deleted.open()
    await (await replied).finished()
    await page.evaluate(TWO_FRAMES)
    await page.getByText('This job has just been deleted.').waitFor()
    expect(await page.getByText('"ann"').count()).toBe(1)
  })

  test('what was done is shown, also while live updates rest', async () => {
    const here = await stage()
    const job = await here.queue('mail').enqueue('send', ['ann'])
    await job.cancel()
    const page = await visit(`${await serveDashboard(here)}#/job/mail/${job.id}`)
    await page.locator('[data-live=live]').waitFor()
    await page.getByRole('button', { name: 'Requeue' }).waitFor()
    await page.evaluate(TWO_FRAMES)
    await page.keyboard.press('.')
    await page.locator('[data-live=paused]').waitFor()
    await page.getByRole('button', { name: 'Requeue' }).click()
    await page.locator('.job-title').getByText('waiting').waitFor()
  })

  test('the next job is followed, also when the page is drawn anew while it comes', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    const first = await queue.enqueue('first', [])
    const second = await queue.enqueue('second', [])
    const page = await visit(`${await serveDashboard(here)}#/job/mail/${first.id}`)
    await page.getByRole('heading', { name: 'first' }).waitFor()
    await page.locator('[data-live=live]').waitFor()
    // After the drawing that the new address brings about, and before its frame.
    await page.evaluate(`addEventListener('hashchange', () => queueMicrotask(() =>
      dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))), { once: true });
      location.hash = '#/job/mail/${second.id}'`)
    await page.getByRole('heading', { name: 'second' }).waitFor()
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    // The old page's stream is left a moment after the page, and the new one's must not be.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 500))')
    await second.cancel()
    await page.locator('.state-canceled').waitFor()
  })

  test('who has closed the dialog or left the page meanwhile is not taken elsewhere by a late reply', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    const job = await queue.enqueue('send', ['ann'])
    const [left, gone] = [gate(), gate()]
    const url = await serveDashboard(here)
    const page = await visit(`${url}#/job/mail/${job.id}`)
    await page.route('**/api/job/copy', async (route) => {
      const response = await route.fetch()
      await left.promise
      await route.fulfill({ response })
    })
    await page.route('**/api/job/delete', async (route) => {
      const response = await route.fetch()
      await gone.promise
      await route.fulfill({ response })
    })
    const letGo = async (path: string, held: { open(): void }): Promise<void> => {
      const replied = page.waitForResponse((response) => new URL(response.url()).pathname === path)
      held.open()
      await (await replied).finished()
      await page.evaluate(TWO_FRAMES)
    }
    await page.getByRole('button', { name: 'Edit & enqueue a copy' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Enqueue' }).click()
    await until('the copy is made', async () => (await queue.count()) === 2)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await letGo('/api/job/copy', left)
    expect(page.url()).toContain(job.id)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await until('it is deleted', async () => (await queue.count()) === 1)
    await page.goto(`${url}#/workers`)
    await page.getByRole('heading', { name: 'Workers' }).waitFor()
    await letGo('/api/job/delete', gone)
    expect(page.url()).toContain('#/workers')
  })
})
