import { existsSync } from 'node:fs'
import { lastLines, type RunResult, run, which } from '../../lib/embedded/run.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const ELSEWHERE = ['/usr/bin/chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

/** The browser that the dashboard's tests drive: `RQTS_CHROMIUM`, else one on the PATH. */
export function findChromium(): string | undefined {
  const named = process.env.RQTS_CHROMIUM
  if (named !== undefined && named !== '') return named
  for (const name of NAMES) {
    const found = which(name)
    if (found !== undefined) return found
  }
  return ELSEWHERE.find((path) => existsSync(path))
}

/** Debian's package, when this is root on a machine with apt. Says what it does, and why not when it does not. */
export async function installChromium(log: (line: string) => void): Promise<void> {
  if (findChromium() !== undefined) return
  const why = await install(log)
  if (findChromium() === undefined)
    log(`no Chromium for the dashboard's tests: ${why}; set RQTS_CHROMIUM to one. They ${process.env.CI ? 'fail' : 'are skipped'}`)
}

async function install(log: (line: string) => void): Promise<string> {
  if (which('apt-get') === undefined) return 'there is no apt-get here'
  if (process.getuid?.() !== 0) return 'only root may install it (apt-get install chromium)'
  log('installing Chromium for the dashboard’s tests: apt-get update && apt-get install -y --no-install-recommends chromium')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update'], { env })
  const wanted = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', 'chromium']
  const result: RunResult = await run('apt-get', wanted, { env })
  return result.ok ? 'the package brought no program' : lastLines(result.stderr)
}
