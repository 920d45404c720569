import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { createDashboard, type DashboardOptions, nodeHandler } from '../../lib/dashboard/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { Stage } from './stage.ts'

/** The dashboard of a stage behind a server of its own, looking at Redis often enough for tests. Returns the address of the page. */
export async function serveDashboard({ url, prefix }: Pick<Stage, 'url' | 'prefix'>, options: DashboardOptions = {}): Promise<string> {
  const dashboard = createDashboard({ connection: url, prefix, sampleMs: 250, logger: silentLogger, ...options })
  const server = createServer(nodeHandler(dashboard))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await dashboard.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.basePath ?? ''}/`
}
