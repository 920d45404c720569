import { expect, onTestFinished } from 'vitest'
import type { BodyOf, QueryOf, ReplyOf, Route, StreamEvents } from '../../lib/dashboard/contract.ts'
import { createDashboard, type Dashboard, type DashboardOptions } from '../../lib/dashboard/index.ts'
import { silentLogger } from '../../lib/logger.ts'
import { type Stage, stage } from '../support/stage.ts'
import { faultsOfEvent, faultsOfReply } from './schemas.ts'

export interface Board extends Stage {
  dashboard: Dashboard
  /** A request as a browser on the dashboard's own page sends it. */
  ask(path: string, init?: RequestInit): Promise<Response>
  get<R extends Extract<Route, `GET ${string}`>>(route: R, query?: QueryOf<R>): Promise<ReplyOf<R>>
  post<R extends Extract<Route, `POST ${string}`>>(route: R, body: BodyOf<R>): Promise<ReplyOf<R>>
}

export const ORIGIN = 'http://localhost:9181'

export async function board(options: DashboardOptions = {}): Promise<Board> {
  const s = await stage()
  const dashboard = createDashboard({ connection: s.url, prefix: s.prefix, logger: silentLogger, ...options })
  onTestFinished(() => dashboard.close())
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    dashboard.fetch(new Request(`${ORIGIN}${path}`, { ...init, ...(init.body != null && { duplex: 'half' }) }))
  const read = async (route: Route, response: Response): Promise<never> => {
    const body = (await response.json()) as { error?: { code: string; message: string } }
    expect(faultsOfReply(route, response.status, body)).toEqual([])
    if (!response.ok) throw Object.assign(new Error(body.error?.message), { status: response.status, code: body.error?.code })
    return body as never
  }
  return {
    ...s,
    dashboard,
    ask,
    async get(route, query = {} as never) {
      const given = Object.entries(query as object).filter(([, value]) => value !== undefined)
      return await read(
        route,
        await ask(`/api${route.slice(4)}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`),
      )
    },
    async post(route, body) {
      const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
      return await read(route, await ask(`/api${route.slice(5)}`, { method: 'POST', headers, body: JSON.stringify(body) }))
    },
  }
}

export type StreamEvent = { [Name in keyof StreamEvents]: { event: Name; data: StreamEvents[Name] } }[keyof StreamEvents]

/** Events of a stream, one by one. */
export async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  let text = ''
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString('utf8')
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      const event = /^event: (.*)$/m.exec(block)?.[1]
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) } as StreamEvent
    }
  }
}

/** The next event of a kind that fits. */
export async function next<Name extends keyof StreamEvents>(
  events: AsyncGenerator<StreamEvent>,
  name: Name,
  fits: (data: StreamEvents[Name]) => boolean = () => true,
): Promise<StreamEvents[Name]> {
  for (;;) {
    const { value, done } = await events.next()
    if (done === true) throw new Error(`The stream ended before '${name}' came`)
    expect(faultsOfEvent(value.event, value.data)).toEqual([])
    if (value.event === name && fits(value.data as StreamEvents[Name])) return value.data as StreamEvents[Name]
  }
}
