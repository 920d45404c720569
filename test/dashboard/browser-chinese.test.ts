import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { chain, schedule, task } from '../../lib/index.ts'
import { describeBrowser, visit } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard.ts'
import { stage, until } from '../support/stage.ts'
import { englishIn } from './english.ts'

/** What the page says, without what is job data or code. */
async function shown(page: Page): Promise<string> {
  return await page.evaluate(`(() => {
    const copy = document.body.cloneNode(true)
    for (const part of copy.querySelectorAll('code, pre, .frames, noscript')) part.remove()
    const labels = [...copy.querySelectorAll('[aria-label], [title]')].flatMap((one) => [one.ariaLabel, one.title])
    const texts = []
    const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) texts.push(walker.currentNode.textContent)
    return [...texts, ...labels].join(' | ')
  })()`)
}

describeBrowser('in Chinese', () => {
  test('no page is left with a sentence in English', async () => {
    const here = await stage()
    const fail = task({ name: 'fail', timeout: '5s' }, (): never => {
      throw new TypeError('kaputt')
    })
    const fine = task('fine', () => 1)
    const broken = await here.queue('q').enqueue(fail, [])
    await chain(fine.si(), fail.si(), fine.si()).enqueue({ connection: here.url, prefix: here.prefix, queue: 'q' })
    await here.worker('q', { tasks: [fail, fine], burst: true }).run()
    const waiting = await here.queue('unserved').enqueue('send', [], { delay: '1h' })
    await here.queue('unserved').enqueue('send', [])
    await here.queue('held').enqueue('send', [])
    await here.queue('held').pause()
    await here.queue('held').setLimits({ concurrency: 1 })
    const where = { connection: here.url, prefix: here.prefix }
    await schedule('often', fine, [], { cron: '* 8 * * 1-5', tz: 'Europe/Berlin' }, where)
    const url = await serveDashboard(here)
    const page = await visit(url, { locale: 'zh-CN' })
    for (const [route, ready] of [
      ['overview', '[data-alert=no-worker]'],
      ['jobs', 'tbody tr'],
      ['jobs?q=state:nonsense', '.warn-text'],
      ['jobs?q=state:failed', 'tbody tr'],
      [`job/q/${broken.id}`, '.error-view'],
      [`job/unserved/${waiting.id}`, '.timeline'],
      ['job/q/none', '.empty'],
      ['errors', '.error-group'],
      ['schedules?name=often', '.schedule .plain-list'],
      ['workflows', 'tbody tr'],
      ['workers', '.empty, [data-worker]'],
      ['redis', '[data-finding=queue-unserved]'],
      ['nowhere', '.empty'],
    ] as const) {
      await page.goto(`${url}#/${route}`)
      await page.locator(ready).first().waitFor()
      expect(englishIn(await shown(page)), route).toEqual([])
    }
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: '快捷键' }).waitFor()
    expect(englishIn(await shown(page)), 'help').toEqual([])
  })

  test('what the server refuses is said in Chinese', async () => {
    const here = await stage()
    const where = { connection: here.url, prefix: here.prefix }
    const fail = task('fail', () => Promise.reject(new Error('no')))
    const first = await here.queue('q').enqueue(fail, [], { unique: { key: 'one' } })
    await here.worker('q', { tasks: [fail], burst: true }).run()
    const holder = await here.queue('q').enqueue('other', [], { unique: { key: 'one' } })
    await schedule('nightly', fail, [], { cron: '0 2 * * *' }, where)
    const url = await serveDashboard(here)
    const page = await visit(`${url}#/job/q/${first.id}`, { locale: 'zh-CN' })
    await page.getByRole('button', { name: '重新入队' }).click()
    await page.locator('.toast.bad', { hasText: `不能重新入队任务 ${first.id}：唯一键被任务 ${holder.id} 占用` }).waitFor()
    await page.goto(`${url}#/schedules?name=nightly`)
    await page.locator('.schedule').getByRole('button', { name: '编辑' }).click()
    await page.getByLabel('cron').fill('often')
    await page.getByRole('button', { name: '保存' }).click()
    await page.locator('.toast.bad', { hasText: '时间设置无效（often）' }).waitFor()
    await until('nothing was changed', async () => englishIn(await shown(page)).length === 0)
  })
})
