import { spawnSync } from 'node:child_process'
import { findRedisProgram, redisUrlFromEnv } from '../../lib/embedded/index.ts'

/** Once per run, before any test: a Redis that can be started, and the built package, which the tests of the CLI run. */
export async function setup(): Promise<void> {
  const log = (line: string) => console.log(`tests: ${line}`)
  const url = redisUrlFromEnv()
  if (url !== undefined) log('using the Redis that RQTS_REDIS_URL or REDIS_URL names')
  else await findRedisProgram({ install: true, log })
  if (process.env.RQTS_TEST_BUILT !== undefined) return
  const build = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (build.status !== 0) log('the build failed, so tests of the built package will fail too')
}
