import { type ChildProcess, spawn } from 'node:child_process'

/** The dashboard as a process of its own, so that no handler that blocks can keep it from answering. */
export class DashboardRun {
  readonly url: string
  readonly #child: ChildProcess

  constructor(script: string, { host, port }: { host: string; port: number }, ended: (code: number) => void) {
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
    this.#child = spawn(process.execPath, [script, 'dashboard', '--host', host, '--port', String(port)], {
      stdio: ['ignore', 'inherit', 'inherit'],
      // Ctrl-C is for us: the dashboard goes last.
      detached: true,
    })
    this.#child.on('exit', (code) => code !== null && code !== 0 && ended(code))
    process.once('exit', () => this.stop())
  }

  stop(): void {
    this.#child.kill('SIGTERM')
  }
}

/** In the user's browser; what cannot be opened is no reason to fail. */
export function openInBrowser(url: string): void {
  const [command, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform as string] ?? ['xdg-open']
  const child = spawn(command!, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => process.stderr.write(`${url}\n`))
  child.unref()
}
