import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  woff2: 'font/woff2',
}

/** Beside this file in the built package; from the sources, in what was built of them. */
const PLACES = ['./assets/', '../../dist/lib/dashboard/assets/'].map((place) => new URL(place, import.meta.url))

const PLAIN_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>rqts</title></head>
<body><h1>rqts</h1><p>The pages of the dashboard are not built. Its data is at <a href="api/overview">api/overview</a>, described by <a href="api/openapi.json">api/openapi.json</a>.</p></body></html>
`

/** What the front end was built into. Small, so it is read once and kept. */
export class Assets {
  readonly #files = new Map<string, { bytes: Uint8Array<ArrayBuffer>; type: string } | null>()

  /** A file by its name; null when there is none. Names that could lead elsewhere are none. */
  async file(name: string): Promise<Response | null> {
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}$/.test(name) || name.includes('..') || name === 'index.html') return null
    const found = await this.#read(name)
    if (found === null) return null
    // The name of a built file says what is in it, when it has a hash; the page itself is never kept.
    const hashed = /[-.][A-Za-z0-9_-]{8,}\.\w+$/.test(name)
    const headers = { 'content-type': found.type, 'cache-control': hashed ? 'private, max-age=31536000, immutable' : 'no-cache' }
    return new Response(found.bytes, { headers })
  }

  /**
   * The page, told what its scripts may be called and, where it has to be, where it is: at the root it is not, because a proxy may have cut
   * off a path that nobody here knows, and relative addresses are right without.
   */
  async page(base: string, nonce: string, path: string): Promise<Response> {
    const found = await this.#read('index.html')
    const html = found === null ? PLAIN_PAGE : Buffer.from(found.bytes).toString('utf8')
    const page = html
      .replace(/<head[^>]*>/, (head) => (base === '' && path === '/' ? head : `${head}<base href="${base}/">`))
      .replaceAll(/<(script|style)(?=[\s>])/g, `<$1 nonce="${nonce}"`)
    return new Response(page, { headers: { 'content-type': TYPES['html']! } })
  }

  async #read(name: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string } | null> {
    const known = this.#files.get(name)
    if (known !== undefined) return known
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
    if (type === undefined) return null
    for (const place of PLACES) {
      const bytes = await readFile(fileURLToPath(new URL(name, place))).catch(() => null)
      if (bytes === null) continue
      const file = { bytes: new Uint8Array(bytes), type }
      this.#files.set(name, file)
      return file
    }
    return null
  }
}
