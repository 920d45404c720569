import { expect, test } from 'vitest'
import { Schedules } from '../../lib/client/schedules.ts'
import { chain, chord, schedule, task } from '../../lib/index.ts'
import { describeBrowser, visit } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard.ts'
import { gate, stage, until } from '../support/stage.ts'

describeBrowser('errors, schedules, workflows, workers, Redis', () => {
  test('errors are grouped, opened to their frames, and requeued together', async () => {
    const here = await stage()
    const queue = here.queue('images')
    const resize = task('resize', (name: string): string => {
      throw new TypeError(`${name} is no picture`)
    })
    const send = task('send', (): string => {
      throw new RangeError('too many')
    })
    await queue.enqueueMany([...[1, 2, 3].map((n) => [resize, [`${n}.png`]] as const), [send, []]])
    await here.worker('images', { tasks: [resize, send], burst: true }).run()
    const page = await visit(`${await serveDashboard(here)}#/errors`)
    await page.getByText('2 different errors').waitFor()
    const group = page.locator('.error-group').filter({ hasText: 'TypeError' })
    expect(await group.locator('.error-count').textContent()).toBe('3')
    expect(await group.textContent()).toContain('browser-pages.test.ts')
    await group.locator('.fold').click()
    expect(await group.locator('.frames li').first().textContent()).toContain('browser-pages.test.ts')
    await until('the address leads here', () => page.url().includes('fingerprint='))
    await group.getByRole('button', { name: 'Requeue all' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Requeue 3' }).click()
    await page.locator('.bulk[data-state=done]').waitFor()
    await page.getByText('1 different errors').waitFor()
    expect(await queue.counts()).toMatchObject({ queued: 3, failed: 1 })
  })

  test('a schedule is run now, skipped, paused, resumed, edited and removed', async () => {
    const here = await stage()
    const report = task('report', (_region: string) => undefined)
    const where = { connection: here.url, prefix: here.prefix }
    const schedules = new Schedules(here.store)
    await schedule('nightly', report, ['eu'], { cron: '0 2 * * *', tz: 'Europe/Berlin' }, where)
    const page = await visit(`${await serveDashboard(here)}#/schedules`)
    const row = page.getByRole('row', { name: /nightly/ })
    expect(await row.textContent()).toContain('0 2 * * * Europe/Berlin')
    await row.getByRole('link', { name: 'nightly' }).click()
    const detail = page.locator('.schedule')
    await detail.getByRole('heading', { name: 'Next runs' }).waitFor()
    expect(await detail.locator('.plain-list').first().locator('li').count()).toBeGreaterThan(2)
    await detail.getByRole('button', { name: 'Run now' }).click()
    await until('its job is there', async () => (await here.queue().count()) === 1)
    await detail.locator('.history').getByText('waiting').waitFor()
    const due = (await schedules.get('nightly'))!.nextRunAt
    await detail.getByRole('button', { name: 'Skip next' }).click()
    await until('the next run is another', async () => (await schedules.get('nightly'))!.nextRunAt?.getTime() !== due?.getTime())
    await detail.getByRole('button', { name: 'Pause' }).click()
    await row.getByText('paused').waitFor()
    await detail.getByRole('button', { name: 'Resume' }).click()
    await detail.getByRole('button', { name: 'Pause' }).waitFor()
    await detail.getByRole('button', { name: 'Edit' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('cron').fill('nonsense')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.locator('.toast.bad').waitFor()
    await dialog.getByLabel('cron').fill('30 4 * * *')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row.getByText('30 4 * * *').waitFor()
    await detail.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No schedules').waitFor()
    expect(await schedules.list()).toEqual([])
  })

  test('a workflow shows its graph with states that change as they happen', async () => {
    const here = await stage()
    const hold = gate()
    const fetched = task('fetch', () => 1)
    const part = task('part', async (n: number) => {
      await hold.promise
      return n
    })
    const sum = task('sum', (parts: number[]) => parts.length)
    const where = { queue: 'flow', connection: here.url, prefix: here.prefix }
    const flow = await chain(fetched.s(), part.s()).enqueue(where)
    await chord([part.s(1), part.s(2)], sum.s()).enqueue(where)
    void here.worker('flow', { tasks: [fetched, part, sum] }).run()
    // From here on nothing changes the order of the list, which has the last change first.
    await until('all that can run runs', async () => (await here.queue('flow').counts()).started === 3)
    const page = await visit(`${await serveDashboard(here)}#/workflows`)
    await page.getByText('2 workflows').waitFor()
    await page.getByRole('link', { name: /fetch/ }).click()
    await page.locator('.node.state-finished', { hasText: 'fetch' }).waitFor()
    await page.locator('.node.state-started', { hasText: 'part' }).waitFor()
    hold.open()
    await page.locator('.node.state-finished', { hasText: 'part' }).waitFor()
    expect(await flow.result()).toBe(1)
  })

  test('a worker is paused, resumed, made wider and stopped; one that died is shown as lost', async () => {
    const here = await stage()
    const hold = gate()
    const crawl = task('crawl', () => hold.promise)
    await here.queue('web').enqueue(crawl, [])
    const worker = here.worker('web', { tasks: [crawl], name: 'web.1', concurrency: 3 })
    const done = worker.run()
    const gone = Date.now() - 240_000
    await here.store.client.call('ZADD', here.store.keys.workers, String(gone), 'gone.1')
    await here.store.client.call(
      'HSET',
      here.store.keys.worker('gone.1'),
      'state',
      'busy',
      'host',
      'elsewhere',
      'pid',
      '7',
      'queues',
      'web',
      'heartbeat',
      String(gone),
    )
    const page = await visit(`${await serveDashboard(here)}#/workers`)
    const card = page.locator('[data-worker="web.1"]')
    await card.getByRole('link', { name: 'crawl', exact: true }).waitFor()
    expect(await page.locator('[data-worker="gone.1"]').textContent()).toMatch(/No heartbeat for \d+m/)
    await card.getByRole('button', { name: 'Pause' }).click()
    await card.getByText('paused').waitFor()
    await card.getByRole('button', { name: 'Resume' }).click()
    await card.getByText('busy').waitFor()
    await card.getByRole('button', { name: 'Concurrency of web.1' }).click()
    await page.getByRole('dialog').getByLabel('Jobs at a time').fill('8')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await card.getByText('1/8').waitFor()
    await card.getByRole('button', { name: 'Stop' }).click()
    const asked = page.getByRole('alertdialog')
    expect(await asked.textContent()).toContain('finishes its job first')
    await asked.getByRole('button', { name: 'Stop' }).click()
    await card.getByText('stopping').waitFor()
    hold.open()
    await done
    await card.waitFor({ state: 'detached' })
    await page.getByRole('searchbox').fill('nowhere')
    await page.locator('[data-worker="gone.1"]').waitFor({ state: 'detached' })
  })

  test('Redis: what it is, what is kept where, and what the doctor says', async () => {
    const here = await stage()
    await here.queue('mail').enqueue('send', ['ann'])
    const page = await visit(`${await serveDashboard(here)}#/redis`)
    await page.getByRole('heading', { name: 'Findings of the doctor' }).waitFor()
    expect(await page.locator('.findings li').count()).toBeGreaterThan(3)
    expect(await page.getByRole('table', { name: 'Jobs by queue' }).getByRole('row', { name: /mail/ }).textContent()).toMatch(/^mail11/)
    await page.getByText('noeviction').first().waitFor()
  })
})
