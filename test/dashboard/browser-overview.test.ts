import { expect, test } from 'vitest'
import { task } from '../../lib/index.ts'
import { describeBrowser, visit } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard.ts'
import { gate, stage, until } from '../support/stage.ts'

describeBrowser('the overview', () => {
  test('says loudest that jobs wait and nobody works on them, how to mend it, and heals by itself', async () => {
    const here = await stage()
    const queue = here.queue('reports')
    const report = task('report', () => 'done')
    await queue.enqueueMany([1, 2, 3].map(() => [report, []] as const))
    const page = await visit(await serveDashboard(here))
    const alert = page.locator('[data-alert=no-worker]')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('reports: 3 waiting, no worker')
    expect(await alert.textContent()).toContain('rqts worker reports')
    expect(await page.getByRole('row', { name: /reports/ }).textContent()).toContain('none!')
    const worker = here.worker('reports', { tasks: [report] })
    void worker.run()
    await page.getByText('All is well.').waitFor()
    await page
      .getByRole('row', { name: /reports/ })
      .getByRole('link', { name: '0', exact: true })
      .first()
      .waitFor()
    expect(await alert.count()).toBe(0)
  })

  test('shows who works on what, and for how long', async () => {
    const here = await stage()
    const hold = gate()
    const crawl = task('crawl', () => hold.promise)
    const job = await here.queue('web').enqueue(crawl, [])
    const worker = here.worker('web', { tasks: [crawl], name: 'crawler.1' })
    void worker.run()
    await until('it runs', async () => (await job.refresh()).status === 'started')
    const page = await visit(await serveDashboard(here))
    const running = page.getByRole('table', { name: 'Running now' }).getByRole('row', { name: /crawl/ })
    await running.getByText('crawler.1').waitFor()
    await running.locator('.number', { hasText: /^\d/ }).waitFor()
    await running.getByRole('link', { name: 'crawl', exact: true }).click()
    await page.getByRole('heading', { name: 'crawl' }).waitFor()
    expect(page.url()).toContain(`#/job/web/${job.id}`)
    hold.open()
    await page.getByText('finished').first().waitFor()
  })

  test('pauses, resumes and empties a queue; emptying asks first', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    const send = task('send', () => undefined)
    await queue.enqueueMany([1, 2].map(() => [send, []] as const))
    const page = await visit(await serveDashboard(here))
    const row = page.getByRole('row', { name: /^mail/ })
    await row.getByRole('button', { name: 'Pause' }).click()
    await row.getByText('paused').waitFor()
    expect(await queue.isPaused()).toBe(true)
    await row.getByRole('button', { name: 'Resume' }).click()
    await row.getByRole('button', { name: 'Pause' }).waitFor()
    await row.getByRole('button', { name: 'Empty…' }).click()
    const asked = page.getByRole('alertdialog')
    expect(await asked.textContent()).toContain('Deletes the 2 jobs')
    await page.keyboard.press('Escape')
    await asked.waitFor({ state: 'detached' })
    expect(await queue.count()).toBe(2)
    await row.getByRole('button', { name: 'Empty…' }).click()
    await asked.getByRole('button', { name: 'Empty…' }).click()
    await until('it is empty', async () => (await queue.count()) === 0)
    await row.getByRole('button', { name: 'Empty…', disabled: true }).waitFor()
  })

  test('draws what was done and how long it took, by range', async () => {
    const here = await stage()
    const work = task('work', () => undefined)
    const fail = task({ name: 'fail' }, () => Promise.reject(new Error('no')))
    await here.queue('q').enqueueMany([
      [work, []],
      [work, []],
      [fail, []],
    ])
    await here.worker('q', { tasks: [work, fail], burst: true }).run()
    const page = await visit(await serveDashboard(here))
    const tasks = page.getByRole('table', { name: 'Tasks' })
    await tasks.getByRole('row', { name: /^work 2 0 / }).waitFor()
    await tasks.getByRole('row', { name: /^fail 0 1 / }).waitFor()
    await page.getByRole('img', { name: 'Jobs per minute', exact: true }).locator('path.line').first().waitFor({ state: 'attached' })
    await page.getByRole('button', { name: '24 hours' }).click()
    await until('the range is in the address', () => page.url().endsWith('#/overview?range=24h'))
    await page.getByRole('img', { name: 'Latency (log scale)' }).waitFor()
  })

  test('says the limits of a queue and of single tasks in it, and that one has ended', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    await queue.enqueue('send', [])
    await queue.setLimits({
      concurrency: 3,
      rate: { max: 100, per: '1m' },
      tasks: { send: { concurrency: 2 }, sms: { rate: { max: 5, per: '1s' } } },
    })
    const page = await visit(await serveDashboard(here))
    const badges = page.getByRole('row', { name: /^mail/ }).locator('.badge')
    const shown = (texts: string[]) =>
      until(`${texts.join()} is shown`, async () => (await badges.allTextContents()).join() === texts.join())
    await shown(['≤ 3 · 100/1m', 'send ≤ 2', 'sms 5/1 s'])
    expect(await badges.nth(0).getAttribute('title')).toBe('Limits: at a time, per time')
    expect(await badges.nth(1).getAttribute('title')).toBe('Limit of send in this queue: at a time, per time')
    await queue.setLimits({ concurrency: null, tasks: { sms: null } })
    await shown(['100/1m', 'send ≤ 2'])
    await queue.setLimits(null)
    await shown([])
  })

  test('the first data does not wait for the stream, and is asked for once', async () => {
    const here = await stage()
    await here.queue('mail').enqueue('send', [])
    const asked: string[] = []
    const page = await visit(await serveDashboard(here), {
      async prepare(page) {
        page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
        // Never answered, and given up with the page.
        await page.route('**/api/stream*', () => undefined)
      },
    })
    await page.getByText('mail: 1 waiting, no worker').waitFor()
    expect(asked.filter((path) => path === '/api/overview')).toHaveLength(1)
  })

  test('with nothing there, it says what to run', async () => {
    const page = await visit(await serveDashboard(await stage()))
    await page.getByText('rqts enqueue TASK ARG…').waitFor()
    await page.getByText('rqts worker', { exact: true }).waitFor()
  })
})
