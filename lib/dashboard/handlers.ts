import type { Store } from '../client/inspector.ts'
import type { Schedules } from '../client/schedules.ts'
import type { Bulks } from './bulk.ts'
import type { ReplyOf, Route } from './contract.ts'
import type { Visitor } from './guard.ts'
import type { Input } from './input.ts'
import type { JobReader } from './job-detail.ts'
import type { NormalDashboardOptions } from './options.ts'
import type { OverviewReader } from './overview.ts'

/** What handlers work with. */
export interface Tools {
  store: Store
  options: NormalDashboardOptions
  overview: OverviewReader
  jobs: JobReader
  schedules: Schedules
  bulks: Bulks
  /** Tells who has changed what, and how much. */
  log(visitor: Visitor, action: string, facts: object): void
}

export type Handler<R extends Route> = (input: Input, visitor: Visitor) => Promise<ReplyOf<R>> | ReplyOf<R>
export type Handlers<R extends Route = Route> = { [Name in R]: Handler<Name> }
