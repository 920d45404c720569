import { show } from '../duration.ts'
import { RqtsError } from '../errors.ts'
import { checkName, matcher } from '../names.ts'
import type { ResolvedTask } from '../task/resolve.ts'

/** Tasks whose names fit `match` go to `queue`. `*` stands for any characters: `mail.*`. */
export interface Route {
  match: string
  queue: string
}

/** Where a task goes that nobody has named a queue for: its own queue, else the first route that fits. */
export class Router {
  readonly #routes: readonly { fits: (name: string) => boolean; queue: string }[]
  readonly #known = new Map<string, string | undefined>()

  constructor(routes: readonly Route[] = []) {
    if (!Array.isArray(routes)) throw bad(routes)
    this.#routes = (routes as readonly Route[]).map((route) => {
      if (typeof route !== 'object' || route === null || typeof route.match !== 'string') throw bad(route)
      checkName('task', route.match.replaceAll('*', 'x'))
      return { fits: matcher(route.match), queue: checkName('queue', route.queue) }
    })
  }

  /** Undefined when neither the task nor a route says. */
  queueOf({ name, definition }: ResolvedTask): string | undefined {
    if (definition?.queue !== undefined) return definition.queue
    if (this.#routes.length === 0) return undefined
    if (!this.#known.has(name)) this.#known.set(name, this.#routes.find(({ fits }) => fits(name))?.queue)
    return this.#known.get(name)
  }
}

let standard = new Router()

/** Routes for the whole program: `add.delay(…)`, and workflows that are enqueued without routes of their own. */
export function setRoutes(routes: readonly Route[]): void {
  standard = new Router(routes)
}

/** These routes, or those of the whole program. */
export function routerOf(routes: readonly Route[] | undefined): Router {
  return routes === undefined ? standard : new Router(routes)
}
function bad(value: unknown): RqtsError {
  return new RqtsError(
    'RQTS_BAD_OPTION',
    `routes must be a list of { match, queue }, such as [{ match: 'mail.*', queue: 'mail' }]; got ${show(value)}`,
  )
}
