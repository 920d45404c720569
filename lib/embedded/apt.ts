import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cachedRedisDir } from './cache.ts'
import { isRecent, tooOld } from './program.ts'
import { lastLines, type RunResult, run } from './run.ts'

type Log = (line: string) => void

/** Gets Redis from the packages of Debian or Ubuntu. Returns what went wrong, if anything did. */
export function aptInstall(log: Log): Promise<string | undefined> {
  return process.getuid?.() === 0 ? installAsRoot(log) : unpackIntoCache(log)
}

// The package would start its service and enable it at boot: policy-rc.d forbids the start, and the service is disabled.
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy
fi
apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 redis-server || exit 1
[ -d /run/systemd/system ] && systemctl disable --quiet redis-server
exit 0`

async function installAsRoot(log: Log): Promise<string | undefined> {
  const attempt = async () => {
    const plan = await planInstall([])
    if (plan.problem !== undefined) return plan.problem
    log('installing Redis: apt-get install redis-server (its service is not started)')
    const result = await run('sh', ['-c', INSTALL])
    return result.ok ? undefined : failed('apt-get install redis-server', result)
  }
  if ((await attempt()) === undefined) return undefined
  log('updating the package lists: apt-get update')
  await run('apt-get', ['update'])
  return attempt()
}

/**
 * Needs no rights: downloads redis-server and what it lacks on this machine, and unpacks it all into `target`.
 * Returns what went wrong, if anything did.
 */
export async function unpackIntoCache(log: Log, target: string = cachedRedisDir()): Promise<string | undefined> {
  log(`downloading Redis (a few MB) with apt-get into ${target}`)
  await mkdir(dirname(target), { recursive: true })
  const work = await mkdtemp(join(dirname(target), 'download-'))
  try {
    const problem = (await download(work, [])) && (await downloadWithOwnLists(work, log))
    if (problem !== undefined) return problem
    const unpacked = join(work, 'unpacked')
    for (const name of await readdir(work)) {
      const result = name.endsWith('.deb') ? await run('dpkg', ['-x', join(work, name), unpacked]) : undefined
      if (result?.ok === false) return failed(`dpkg -x ${name}`, result)
    }
    await rm(target, { recursive: true, force: true })
    await rename(unpacked, target)
    return undefined
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The system's package lists may be missing or out of date, and only root may renew them. */
async function downloadWithOwnLists(work: string, log: Log): Promise<string | undefined> {
  const lists = join(work, 'lists')
  await mkdir(join(lists, 'partial'), { recursive: true })
  const options = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${join(work, 'cache')}`]
  log('downloading the package lists: apt-get update, into a folder of its own')
  const update = await run('apt-get', [...options, 'update'])
  return update.ok ? download(work, options) : failed('apt-get update', update)
}

async function download(work: string, options: string[]): Promise<string | undefined> {
  const plan = await planInstall(options)
  if (plan.problem !== undefined) return plan.problem
  // A second C library would not fit the system's loader.
  const names = new Set([...plan.missing, 'redis-server', 'redis-tools'].filter((name) => name !== 'libc6'))
  const result = await run('apt-get', [...options, 'download', ...names], { cwd: work })
  return result.ok ? undefined : failed('apt-get download', result)
}

/** A dry run of the installation, which names exactly what is missing on this machine. */
async function planInstall(options: string[]): Promise<{ missing: string[]; problem?: string }> {
  const plan = await run('apt-get', [...options, 'install', '--simulate', '--no-install-recommends', 'redis-server'])
  if (!plan.ok) return { missing: [], problem: failed('apt-get install --simulate redis-server', plan) }
  const version = /^Inst redis-server .*?\((?:\d+:)?(\d+\.\d+\.\d+)/m.exec(plan.stdout)?.[1]
  if (version !== undefined && !isRecent(version)) return { missing: [], problem: tooOld("the system's redis-server package", version) }
  return { missing: [...plan.stdout.matchAll(/^Inst ([^\s:]+)/gm)].map((match) => match[1] as string) }
}

function failed(what: string, result: RunResult): string {
  return `${what} failed: ${lastLines(result.stderr)}`
}
