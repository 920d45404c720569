// `node scripts/screenshots.mjs`: docs/images/dashboard-*.png, the dashboard as it shows real jobs of real workers. Needs Chromium.
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { build } from './build.mjs'
import { root } from './modules.mjs'
import { playBack, playScene } from './picture/scene.mjs'

const IMAGES = join(root, 'docs/images')
const DARK = { colorScheme: 'dark' }
const PHONE = { viewport: { width: 390, height: 780 } }
const TALL = { viewport: { width: 1200, height: 1120 } }

build()
const load = (path) => import(join(root, 'dist', path))
const [rqts, { startPrivateRedis }, { createDashboard, nodeHandler }, { Store }, { which }] = await Promise.all(
  ['lib/index.js', 'lib/embedded/index.js', 'lib/dashboard/index.js', 'lib/store/store.js', 'lib/embedded/run.js'].map(load),
)
const program =
  process.env.RQTS_CHROMIUM ?? ['chromium', 'chromium-browser', 'google-chrome'].map(which).find((found) => found !== undefined)
if (program === undefined) throw new Error('No Chromium: set RQTS_CHROMIUM, or install one (apt-get install chromium)')
const redis = await startPrivateRedis({ install: true, persist: true })
const { failed, crawl, workers, queues } = await playScene(rqts, redis)
const store = new Store({ connection: redis.url })
await playBack(store, Object.keys(queues))
const dashboard = createDashboard({ connection: redis.url, environment: 'production', sampleMs: 500 })
const server = createServer(nodeHandler(dashboard)).listen(0, '127.0.0.1')
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] })
mkdirSync(IMAGES, { recursive: true })
try {
  const { groups } = await (await fetch(`${address()}api/errors`)).json()
  await shoot('overview', '', '.chart svg', TALL)
  await shoot('overview-dark', '', '.chart svg', { ...TALL, ...DARK })
  await shoot('phone', '', '.chart svg', PHONE)
  await shoot('jobs', 'jobs?q=queue:images', 'tbody tr')
  await shoot('job', `job/images/${failed.id}`, '.node', TALL)
  await shoot('job-running', `job/default/${crawl.id}`, '.log')
  await shoot('errors', `errors?fingerprint=${groups[0].fingerprint}`, '.frames')
  await shoot('schedules', 'schedules?name=heartbeat', '.history li')
  const { workflows } = await (await fetch(`${address()}api/workflows`)).json()
  await shoot('workflows', `workflows?id=${workflows[0].id}`, '.node')
  await shoot('workers', 'workers', '[data-worker] .name')
  await shoot('redis', 'redis', '.findings')
} finally {
  await browser.close()
  await dashboard.close()
  server.closeAllConnections()
  server.close()
  await Promise.all(workers.map((worker) => worker.stop({ force: true })))
  await Promise.all(Object.values(queues).map((queue) => queue.close()))
  await store.close()
  await redis.stop()
}
// The connections that schedules and workflows share last as long as the program.
process.exit()

function address() {
  return `http://127.0.0.1:${server.address().port}/`
}

async function shoot(name, route, ready, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  await page.goto(`${address()}#/${route}`)
  await page.locator('[data-live=live]').waitFor()
  await page.locator(ready).first().waitFor({ state: 'attached' })
  const file = join(IMAGES, `dashboard-${name}.png`)
  await page.screenshot({ path: file })
  await context.close()
  console.log(file.slice(root.length))
}
