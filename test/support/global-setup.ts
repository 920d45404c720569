import { spawnSync } from 'node:child_process'
import { findRedisProgram, redisUrlFromEnv } from '../../lib/embedded/index.ts'
import { installChromium } from './chromium.ts'
import { formCluster, stopNodes } from './cluster-nodes.ts'

/** Once per run, before any test: a Redis that can be started, a browser, and the built package, which the tests of the CLI run. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const log = (line: string) => console.log(`tests: ${line}`)
  const url = redisUrlFromEnv()
  if (url !== undefined) log('using the Redis that RQTS_REDIS_URL or REDIS_URL names')
  else await findRedisProgram({ install: true, log })
  if (needsBrowser(process.argv.slice(2))) await installChromium(log)
  const cluster = process.env.RQTS_TEST_CLUSTER === undefined ? undefined : await formCluster(3, false)
  if (cluster !== undefined) {
    log(`using a Cluster: ${cluster.url}`)
    process.env.RQTS_TEST_CLUSTER_URL = cluster.url
  }
  build(log)
  return cluster && (() => stopNodes(cluster))
}

function build(log: (line: string) => void): void {
  if (process.env.RQTS_TEST_BUILT !== undefined) return
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) log('the build failed, so tests of the built package will fail too')
}

/** Who runs a few files by name gets no browser for them, unless they are the dashboard's. */
function needsBrowser(words: readonly string[]): boolean {
  const files = words.filter((word) => word.startsWith('test/'))
  return files.length === 0 || files.some((file) => file.startsWith('test/dashboard') || file.includes('browser'))
}
