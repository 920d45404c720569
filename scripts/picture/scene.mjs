// What the pictures of the dashboard show: queues, workers and jobs of a small shop, really enqueued and run against a Redis of their own.
import { setTimeout as sleep } from 'node:timers/promises'

const PLACE = /\(?(file:\/\/)?\/[^\s()]*\/(?=scene\.mjs)/g

/** Errors as a user's program would throw them: its own file instead of this one. */
function thrown(error) {
  error.stack = error.stack.replaceAll(PLACE, (found) => `${found.startsWith('(') ? '(' : ''}/app/src/`).replaceAll('scene.mjs', 'tasks.ts')
  return error
}

export async function playScene(rqts, redis) {
  const { Queue, Worker, chain, group, schedule, task } = rqts
  const where = { connection: redis.url }
  const sendWelcome = task('mail.welcome', async (to) => {
    await sleep(8 + Math.random() * 30)
    return { to, sent: true }
  })
  const resize = task({ name: 'images.resize', retry: { max: 2, delay: 50 } }, async (file, width) => {
    await sleep(20 + Math.random() * 60)
    if (file.endsWith('.txt')) throw thrown(new TypeError(`${file} is not a picture`))
    return { file, width }
  })
  const charge = task('billing.charge', async (order) => {
    await sleep(30)
    if (order % 9 === 0) throw thrown(new RangeError('card_declined: the bank refused the payment'))
    return { order, paid: true }
  })
  const crawl = task('search.crawl', async function (site) {
    for (const line of ['robots.txt allows /', 'sitemap has 1,204 pages', 'page 411: 301 to /shop/new']) await this.log(line)
    await this.progress({ done: 843, total: 1_204 })
    await this.setMeta({ region: 'eu', site })
    await sleep(3_600_000, undefined, { signal: this.signal }).catch(() => undefined)
  })
  const fetched = task('images.fetch', async () => 'cat.jpg')
  const thumbnail = task('images.thumbnail', async (size) => size)
  const publish = task('images.publish', async (sizes) => sizes.length)
  const tasks = [sendWelcome, resize, charge, crawl, fetched, thumbnail, publish]
  const queues = Object.fromEntries(['billing', 'default', 'images', 'reports'].map((name) => [name, new Queue(name, where)]))
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const workers = [
    new Worker(['billing', 'default'], { ...where, tasks, name: 'web-1.4711', concurrency: 10, logger }),
    new Worker(['default', 'images'], { ...where, tasks, name: 'web-2.3120', concurrency: 4, logger }),
  ]
  await queues.default.enqueueMany(Array.from({ length: 700 }, (_, i) => [sendWelcome, [`user${i}@example.com`]]))
  await queues.billing.enqueueMany(Array.from({ length: 60 }, (_, i) => [charge, [1_000 + i]]))
  const pictures = Array.from({ length: 80 }, (_, i) => (i % 20 === 7 ? `notes-${i}.txt` : `cat-${i}.jpg`))
  const resized = await queues.images.enqueueMany(pictures.map((file) => [resize, [file, 1_200], { tags: ['shop'] }]))
  for (const worker of workers) void worker.run()
  const there = { ...where, queue: 'images' }
  const flow = await chain(fetched.si('shop/7'), group([64, 256, 1_024].map((size) => thumbnail.si(size))), publish.s()).enqueue(there)
  const parts = group(['cat-1.jpg', 'notes.txt', 'cat-2.jpg'].map((file) => resize.si(file, 1_200)))
  const broken = await chain(fetched.si('shop/8'), parts, publish.s()).enqueue(there)
  await Promise.all([flow.result(), broken.result().catch(() => undefined), ...resized.map((job) => job.settle())])
  const failed = broken.jobs.find(({ args }) => args[0] === 'notes.txt')
  const crawls = await queues.default.enqueueMany(['shop.example.com', 'blog.example.com'].map((site) => [crawl, [site]]))
  await queues.default.enqueueMany(Array.from({ length: 12 }, (_, i) => [sendWelcome, [`later${i}@example.com`], { delay: '2h' }]))
  await queues.reports.enqueueMany(Array.from({ length: 190 }, (_, i) => ['reports.monthly', [`2026-${i}`]]))
  await schedule('nightly-report', sendWelcome, ['team@example.com'], { cron: '0 2 * * *', tz: 'Europe/Berlin', queue: 'default' }, where)
  await schedule('heartbeat', sendWelcome, ['ops@example.com'], { every: '5s', queue: 'default' }, where)
  await schedule('cleanup', sendWelcome, ['old@example.com'], { every: '30m', queue: 'default', paused: true }, where)
  return { failed, crawl: crawls[0], workers, queues }
}

/** The minute just measured, played back over the hour before, so that the charts have something to draw. */
export async function playBack(store, queues) {
  const minute = Math.floor((await store.now()) / 60_000)
  for (const [i, queue] of queues.entries()) {
    const base = store.keys.queuePart(queue, 'stats')
    const measured = await store.client.call('HGETALL', `${base}:${minute}`)
    const last = Object.entries(Array.isArray(measured) ? Object.fromEntries(pairs(measured)) : measured)
    if (last.length === 0) continue
    for (let back = 1; back < 60; back++) {
      const share = 0.55 + 0.3 * Math.sin((60 - back) / 9 + i) + Math.random() * 0.1
      const fields = last.flatMap(([name, value]) => [name, String(Math.max(0, Math.round(Number(value) * share)))])
      await store.client.call('HSET', `${base}:${minute - back}`, ...fields)
    }
  }
}

function* pairs(list) {
  for (let i = 0; i < list.length; i += 2) yield [list[i], list[i + 1]]
}
