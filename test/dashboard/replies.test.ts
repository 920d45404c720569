import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'

vi.stubGlobal('navigator', { language: 'en' })
const { ApiFailure, get } = await import('../../lib/dashboard/ui/api.ts')

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
