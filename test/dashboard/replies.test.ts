import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BulkView } from '../../lib/dashboard/contract.ts'
import { joinLines, type Lines } from '../../lib/dashboard/ui/parts/log-lines.ts'

vi.stubGlobal('navigator', { language: 'en' })
const { ApiFailure, get } = await import('../../lib/dashboard/ui/api.ts')
const { bulks, dismissBulk, takeBulk } = await import('../../lib/dashboard/ui/live.ts')

/** A server that answers so, byte by byte, and a page of it. */
async function page(answer: (response: ServerResponse) => void): Promise<void> {
  const server = createServer((_, response) => answer(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vi.stubGlobal('document', { baseURI: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
}

function half(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
  response.write('{"lines":[')
}

test('a reply that the page has left in its middle is none', async () => {
  await page(half)
  const controller = new AbortController()
  const fetching = vi.spyOn(globalThis, 'fetch')
  onTestFinished(() => fetching.mockRestore())
  const refused = expect(get('GET /job/logs', { id: '1' }, controller.signal)).rejects.toMatchObject({ name: 'AbortError' })
  await fetching.mock.results[0]!.value
  controller.abort()
  await refused
})

test('a reply whose line broke in its middle is none', async () => {
  await page((response) => {
    half(response)
    setImmediate(() => response.destroy())
  })
  const error = await get('GET /overview').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ApiFailure)
  expect(error).toMatchObject({ status: 0, code: 'UNREACHABLE' })
})

test('a page that something in between answers with is no reply of ours', async () => {
  await page((response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>'))
  await expect(get('GET /overview')).rejects.toMatchObject({ status: 200, code: 'HTTP' })
})

describe('a bulk action', () => {
  const bulk = (state: BulkView['state'], done: number): BulkView =>
    ({ id: 'b', action: 'delete', query: null, state, total: 9, done, failed: 0, problems: [], startedAt: '', endedAt: null }) as BulkView
  const shown = (): unknown => bulks.get().map(({ state, done }) => `${state} ${done}`)

  test('goes on and ends, whatever comes late', () => {
    for (const [told, seen] of [
      [bulk('running', 3), 'running 3'],
      [bulk('running', 2), 'running 3'],
      [bulk('done', 9), 'done 9'],
      [bulk('running', 5), 'done 9'],
    ] as const) {
      takeBulk(told)
      expect(shown()).toEqual([seen])
    }
  })

  test('whose end was put away does not come back with a late reply', () => {
    dismissBulk('b')
    takeBulk(bulk('done', 9))
    expect(shown()).toEqual([])
  })
})

describe('log lines', () => {
  const lines = (from: number, to: number): Lines => ({ from, lines: Array.from({ length: to - from }, (_, i) => `line ${from + i}`) })

  test.each([
    ['the next ones', lines(0, 3), lines(3, 5), lines(0, 5)],
    ['what is known in part', lines(0, 3), lines(1, 5), lines(0, 5)],
    ['what is known', lines(0, 5), lines(1, 3), lines(0, 5)],
    ['earlier ones in a later reply', lines(3, 5), lines(0, 4), lines(0, 5)],
    ['all of them in a later reply', lines(3, 5), lines(0, 5), lines(0, 5)],
    ['none', lines(3, 5), lines(9, 9), lines(3, 5)],
    ['more after a gap', lines(0, 2), lines(5, 7), lines(5, 7)],
    ['more before a gap', lines(5, 7), lines(0, 2), lines(5, 7)],
    ['too many', lines(0, 990), lines(980, 1_010), lines(10, 1_010)],
  ])('join with %s', (_, old, more, joined) => {
    expect(joinLines(old, more)).toEqual(joined)
  })
})
