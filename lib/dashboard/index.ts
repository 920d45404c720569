/**
 * rqts/dashboard: see what the queues are doing, and act.
 *
 *     const dashboard = createDashboard({ auth: { user: 'ann', password: process.env.PASSWORD } })
 *     export default { fetch: dashboard.fetch } // or app.use('/jobs', nodeHandler(dashboard)) in Express
 */
import { Dashboard } from './dashboard.ts'
import type { DashboardOptions } from './options.ts'

export type * from './contract.ts'
export { type Arrival, Dashboard } from './dashboard.ts'
export { fastifyPlugin, type NextHandlersOptions, nextHandlers, nodeHandler } from './node.ts'
export type { Access, Authorize, DashboardOptions } from './options.ts'
export type { RedactContext, RedactOptions } from './payload.ts'

export function createDashboard(options: DashboardOptions = {}): Dashboard {
  return new Dashboard(options)
}
