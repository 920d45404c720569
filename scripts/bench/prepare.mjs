// Makes sure that there is something to measure: the rivals installed, rqts built and set aside.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from '../build.mjs'
import { ensureModules, root } from '../modules.mjs'

const here = fileURLToPath(new URL('./', import.meta.url))
const RIVALS = ['bullmq', 'bee-queue']

export function prepare({ rivals, built }) {
  ensureModules()
  if (!built) build()
  if (rivals && RIVALS.some((name) => !existsSync(`${here}node_modules/${name}`))) {
    console.log('Installing the rivals: npm ci in scripts/bench')
    const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' })
    if (status !== 0) throw new Error('npm ci in scripts/bench failed: see its output above')
  }
}

/** A copy of the build, so that a build during the run changes nothing; it goes with the process. */
export function setAside(dist) {
  const copy = `${root}dist.bench-${process.pid}`
  cpSync(dist, copy, { recursive: true })
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
  process.env.RQTS_BENCH_DIST = copy
  return copy
}

export async function versions(redis, libraries) {
  const info = await redis.info('server')
  const versionOf = (path) => JSON.parse(readFileSync(path, 'utf8')).version
  const packages = {
    rqts: `${root}package.json`,
    bullmq: `${here}node_modules/bullmq/package.json`,
    bee: `${here}node_modules/bee-queue/package.json`,
  }
  return {
    load: Number(loadavg()[0].toFixed(2)),
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    redis: /^redis_version:(\S+)/m.exec(info)?.[1],
    cpu: `${cpus().length} × ${cpus()[0].model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    os: `${process.platform} ${process.arch}`,
    libraries: Object.fromEntries(libraries.map((name) => [name, versionOf(packages[name])])),
  }
}
