import { expect, test } from 'vitest'
import { schedule, task } from '../../lib/index.ts'
import { describeBrowser, visit } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard.ts'
import { stage } from '../support/stage.ts'

/** Each would open a dialog, throw, or break the policy, and any of these fails the test. */
const EVIL = `"><img src=x onerror=alert(1)><script>alert(2)</script><style>*{display:none}</style>'\${alert(3)}{{alert(4)}}`

describeBrowser('what comes from Redis is text', () => {
  test('on every page, in every field that anybody can write', async () => {
    const here = await stage()
    const queue = here.queue('evil')
    class Evil extends Error {
      override name = EVIL
    }
    const fail = task('fail', async function (this: import('../../lib/index.ts').JobContext, _evil: string) {
      await this.log(EVIL)
      await this.setMeta({ [EVIL]: EVIL })
      await this.progress({ [EVIL]: EVIL })
      throw new Evil(EVIL, { cause: new Error(EVIL) })
    })
    const succeed = task('succeed', (evil: string) => ({ [evil]: evil }))
    const failed = await queue.enqueue(fail, [EVIL], { description: EVIL, meta: { evil: EVIL } })
    const good = await queue.enqueue(succeed, [EVIL], { description: EVIL })
    await here.worker('evil', { tasks: [fail, succeed], burst: true }).run()
    await schedule('evil', succeed, [EVIL], { every: '1h' }, { connection: here.url, prefix: here.prefix })
    const { store } = here
    await store.client.call('ZADD', store.keys.workers, String(Date.now() + 60_000), 'evil.1')
    const fields = ['host', 'pool', 'queues', 'task_names', 'version', 'node_version', 'state', 'jobs'].flatMap((name) => [name, EVIL])
    await store.client.call('HSET', store.keys.worker('evil.1'), ...fields, 'pid', '7', 'concurrency', '1')
    const waiting = await queue.enqueue('waits', [EVIL])
    // A field that this library would never write so.
    await store.client.call(
      'HSET',
      store.keys.job('evil', waiting.id),
      'task',
      EVIL,
      'worker',
      EVIL,
      'result',
      EVIL,
      'tags',
      JSON.stringify([EVIL]),
    )
    const url = await serveDashboard(here)
    const page = await visit(url)
    await page.locator('[data-live=live]').waitFor()
    for (const [target, where] of [
      ['overview', 'main'],
      ['jobs', 'tbody tr'],
      [`jobs?q=${encodeURIComponent(`"${EVIL.replaceAll('"', '')}"`)}`, 'main h1'],
      [`job/evil/${failed.id}`, '.error-view .cause'],
      [`job/evil/${good.id}`, '.payload'],
      [`job/evil/${waiting.id}`, '.payload'],
      ['errors', '.error-group'],
      ['schedules?name=evil', '.schedule .json'],
      ['workers', '[data-worker="evil.1"]'],
      ['redis', '.findings'],
      [encodeURIComponent(EVIL), '.empty'],
    ]) {
      await page.goto(`${url}#/${target}`)
      await page.locator(where!).first().waitFor()
      expect(`${target}: ${await page.locator('main img, main script, main style').count()}`).toBe(`${target}: 0`)
    }
    await page.goto(`${url}#/job/evil/${failed.id}`)
    await page.locator('.error-title').first().waitFor()
    expect(await page.locator('.error-title').first().textContent()).toContain(EVIL)
    expect(await page.getByRole('log').textContent()).toContain(EVIL)
    await store.client.call('DEL', store.keys.worker('evil.1'))
    await store.client.call('ZREM', store.keys.workers, 'evil.1')
    await queue.delete({ jobs: true })
  })
})
