import { expect, test } from 'vitest'
import { changeJobs } from '../../lib/client/change-jobs.ts'
import { task } from '../../lib/index.ts'
import { describeBrowser, visit } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard.ts'
import { gate, stage, until } from '../support/stage.ts'

const send = task('mail.send', (to: string) => to)
const fail = task('image.resize', (name: string): string => {
  throw new TypeError(`${name} is not a picture`)
})

describeBrowser('the list of jobs', () => {
  test('finds by state, task, queue, error, tag and id, with the filter in the address', async () => {
    const here = await stage()
    const mail = here.queue('mail')
    const images = here.queue('images')
    await mail.enqueueMany([
      [send, ['ann']],
      [send, ['bob'], { tags: ['eu'] }],
    ])
    const broken = await images.enqueue(fail, ['cat.png'])
    await images.enqueue(fail, ['dog.png'])
    await here.worker('images', { tasks: [fail], burst: true }).run()
    const page = await visit(`${await serveDashboard(here)}#/jobs`)
    const search = page.getByRole('searchbox', { name: 'Search jobs' })
    const finds = async (q: string, total: number): Promise<void> => {
      await search.fill(q)
      await page.locator(`[data-total="${total}"]`).waitFor()
      await until(`the address says ${q}`, () => decodeURIComponent(page.url().replaceAll('+', ' ')).endsWith(`q=${q}`))
    }
    await page.locator('[data-total="4"]').waitFor()
    await finds('state:waiting', 2)
    await finds('queue:images', 2)
    await finds('task:mail.*', 2)
    await finds('tag:eu', 1)
    await finds('state:failed error:dog', 1)
    await finds(`id:${broken.id}`, 1)
    await finds('state:failed error:TypeError since:1h', 2)
    expect(await page.getByRole('row', { name: /cat\.png is not a picture/ }).count()).toBe(1)
    await page.reload()
    await page.locator('[data-total="2"]').waitFor()
    expect(await search.inputValue()).toBe('state:failed error:TypeError since:1h')
    await page.getByRole('button', { name: 'Waiting' }).click()
    await until('the search says so too', async () => (await search.inputValue()) === 'state:waiting error:TypeError since:1h')
    await page.getByText('Nothing matches').waitFor()
  })

  test('pages forth and back at the same cost, each job once', async () => {
    const here = await stage()
    const jobs = await here.queue('mail').enqueueMany(Array.from({ length: 60 }, (_, i) => [send, [`to${i}`]] as const))
    const page = await visit(`${await serveDashboard(here)}#/jobs?q=state:waiting`)
    const seen = new Set<string>()
    const rows = page.locator('tbody tr')
    const read = async (): Promise<void> => {
      for (const row of await rows.all()) seen.add((await row.getAttribute('data-id'))!)
    }
    for (const size of [25, 50, 60]) {
      await until('the page is there', async () => {
        const first = await rows.first().getAttribute('data-id')
        return first !== null && !seen.has(first)
      })
      await read()
      expect(seen.size).toBe(size)
      if (size < 60) await page.getByRole('button', { name: 'Next' }).click()
    }
    expect([...seen].sort()).toEqual(jobs.map(({ id }) => `mail/${id}`).sort())
    // Who was sent the address of the third page turns back to the second and the first.
    const sent = await visit(page.url())
    const begins = (at: number) => sent.locator(`tbody tr:first-child[data-id="mail/${jobs[at]!.id}"]`).waitFor()
    await begins(50)
    await sent.getByRole('button', { name: 'Previous' }).click()
    await begins(25)
    await sent.getByRole('button', { name: 'Previous' }).click()
    await begins(0)
    expect(await sent.getByRole('button', { name: /Previous|First/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'First' }).click()
    await page.locator(`tr[data-id="mail/${jobs[0]!.id}"]`).waitFor()
  })

  test('j, k, x and r move, mark and requeue; Enter opens; Escape lets go', async () => {
    const here = await stage()
    const queue = here.queue('images')
    await queue.enqueueMany([1, 2, 3].map((n) => [fail, [`${n}.png`]] as const))
    await here.worker('images', { tasks: [fail], burst: true }).run()
    const page = await visit(`${await serveDashboard(here)}#/jobs?q=state:failed`)
    await page.locator('[data-total="3"]').waitFor()
    const marked = page.locator('tr[aria-selected="true"]')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    // Who may change nothing yet, because the page does not know better, sees no such button, and r does nothing.
    await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Requeue' }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByText('2 selected').waitFor()
    await page.keyboard.press('Escape')
    await until('nothing is marked', async () => (await marked.count()) === 0)
    await page.keyboard.press('k')
    await page.keyboard.press('x')
    await until('one is marked', async () => (await marked.count()) === 1)
    await page.keyboard.press('r')
    await page.locator('[data-total="2"]').waitFor()
    expect((await queue.counts()).queued).toBe(1)
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'image.resize' }).waitFor()
  })

  test('marked jobs are deleted after a question that says how many', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    await queue.enqueueMany([1, 2, 3].map((n) => [send, [`${n}`]] as const))
    const page = await visit(`${await serveDashboard(here)}#/jobs`)
    await page.locator('[data-total="3"]').waitFor()
    await page.getByRole('checkbox').nth(0).check()
    await page.getByRole('checkbox').nth(1).check()
    const bar = page.getByRole('toolbar', { name: 'Selection' })
    await bar.getByRole('button', { name: 'Delete' }).click()
    const asked = page.getByRole('alertdialog')
    expect(await asked.textContent()).toContain('Delete: 2 jobs.')
    await asked.getByRole('button', { name: 'Delete' }).click()
    await page.locator('[data-total="1"]').waitFor()
    expect(await queue.count()).toBe(1)
  })

  test('requeues all 10,000 that match, in the server, and shows how far it is', { timeout: 180_000 }, async () => {
    const here = await stage()
    const queue = here.queue('images')
    // In steps: no call takes long, however busy the machine is.
    for (let i = 0; i < 10; i++) {
      const jobs = await queue.enqueueMany(Array.from({ length: 1_000 }, (_, n) => [fail, [`${i}-${n}.png`]] as const))
      await changeJobs(here.store, 'cancel', jobs)
    }
    const page = await visit(`${await serveDashboard(here)}#/jobs?q=state:canceled`)
    await page.locator('[data-total="10000"]').waitFor()
    await page.getByRole('button', { name: 'Select all 10,000 matching' }).click()
    await page.getByText('All 10,000 matching').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Select page' }).waitFor()
    await page.getByRole('button', { name: 'Select all 10,000 matching' }).click()
    const bar = page.getByRole('toolbar', { name: 'Selection' })
    await bar.getByRole('button', { name: 'Requeue' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Requeue 10,000' }).click()
    const bulk = page.locator('.bulk')
    await bulk.and(page.locator('[data-state=done]')).waitFor({ timeout: 120_000 })
    expect(await bulk.textContent()).toContain('10,000 of 10,000')
    expect(await queue.counts()).toMatchObject({ queued: 10_000, canceled: 0 })
    await page.getByText('Nothing matches').waitFor()
  })

  test('an end that is heard of before the reply to its beginning stays the end', async () => {
    const here = await stage()
    await here.queue('q').enqueueMany([1, 2].map(() => ['later', []] as const))
    const page = await visit(`${await serveDashboard(here)}#/jobs?q=state:queued`)
    await page.locator('[data-live=live]').waitFor()
    const done = page.locator('.bulk[data-state=done]')
    await page.route('**/api/bulk', async (route) => {
      const response = await route.fetch()
      await done.waitFor()
      await route.fulfill({ response })
    })
    await page.locator('[data-total="2"]').waitFor()
    await page.getByRole('checkbox').nth(0).check()
    await page.getByRole('checkbox').nth(1).check()
    const bar = page.getByRole('toolbar', { name: 'Selection' })
    await bar.getByRole('button', { name: 'Delete' }).click()
    const replied = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/bulk')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await (await replied).finished()
    await bar.getByRole('button', { name: 'Select page' }).waitFor()
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
    expect(await page.locator('.bulk').getAttribute('data-state')).toBe('done')
  })

  test('an end that nobody told, because live updates rest, is asked for', async () => {
    const here = await stage()
    await here.queue('q').enqueueMany([1, 2].map(() => ['later', []] as const))
    const page = await visit(`${await serveDashboard(here)}#/jobs?q=state:queued`)
    await page.locator('[data-live=live]').waitFor()
    await page.keyboard.press('.')
    await page.locator('[data-live=paused]').waitFor()
    await page.locator('[data-total="2"]').waitFor()
    await page.getByRole('button', { name: 'Select page' }).click()
    const bar = page.getByRole('toolbar', { name: 'Selection' })
    await bar.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.locator('.bulk[data-state=done]').waitFor()
    await page.locator('[data-total="0"]').waitFor()
  })

  test('a search that was not yet sent is left with the page', async () => {
    const here = await stage()
    const page = await visit(`${await serveDashboard(here)}#/jobs`)
    await page.getByRole('searchbox', { name: 'Search jobs' }).focus()
    await page.keyboard.type('x')
    await page.evaluate(`location.hash = '#/redis'`)
    await page.getByRole('heading', { name: 'Findings of the doctor' }).waitFor()
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 500))')
    expect(page.url()).toMatch(/#\/redis$/)
  })

  test('a reply that takes longer than a beat is waited for', async () => {
    const here = await stage()
    const queue = here.queue('mail')
    await queue.enqueue('send', [])
    const held = gate()
    let asked = 0
    const page = await visit(`${await serveDashboard(here)}#/jobs?q=state:queued`, {
      async prepare(opened) {
        await opened.clock.install()
        await opened.route(/api\/jobs\?/, async (route) => {
          asked++
          await held.promise
          await route.continue().catch(() => undefined)
        })
      },
    })
    await until('the jobs are asked for', () => asked === 1)
    await page.clock.fastForward(5_000)
    await queue.enqueue('send', [])
    await page.locator('[data-state=waiting] .tab-count', { hasText: '2' }).waitFor()
    // Had that beat asked anew, its question would have come before this one. After half a minute it may.
    const atMs = await page.evaluate(`fetch('api/session').then((reply) => reply.text()).then(() => performance.now())`)
    if (Number(atMs) < 30_000) expect(asked).toBe(1)
    held.open()
    await page.locator('[data-total="2"]').waitFor()
  })

  test('what is done with all that match is done with what is shown, while another search is under way', async () => {
    const here = await stage()
    await here.queue('few').enqueueMany([1, 2].map(() => ['later', []] as const))
    await here.queue('many').enqueueMany([1, 2, 3, 4].map(() => ['later', []] as const))
    const held = gate()
    const page = await visit(`${await serveDashboard(here)}#/jobs?q=queue:few`, {
      async prepare(opened) {
        await opened.route(/api\/jobs\?q=queue%3Amany/, async (route) => {
          await held.promise
          // A later look at the same search may have taken its place.
          await route.continue().catch(() => undefined)
        })
      },
    })
    await page.locator('[data-total="2"]').waitFor()
    await page.getByRole('searchbox', { name: 'Search jobs' }).fill('queue:many')
    await until('the other search is asked for', () => page.url().includes('many'))
    await page.getByRole('button', { name: 'Select all 2 matching' }).click()
    await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByText('queue:few').waitFor()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete 2' }).click()
    await until('those are gone', async () => (await here.queue('few').count()) === 0)
    held.open()
    await page.locator('[data-total="4"]').waitFor()
    expect(await here.queue('many').count()).toBe(4)
  })
})
