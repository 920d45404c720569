import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** An authority of this test's own, and what it has signed for 127.0.0.1. All are paths of files. */
export interface Certificates {
  authority: string
  key: string
  valid: string
  /** Ended yesterday. */
  expired: string
  /** The text of the authority's certificate, for `tls: { ca }`. */
  ca: string
}

/** Undefined where there is no openssl. */
export function makeCertificates(): Certificates | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'rqts-tls-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' })
  try {
    openssl('version')
  } catch {
    return undefined
  }
  const file = (name: string): string => join(dir, name)
  openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=rqts test')
  openssl('req', ...KEY, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1')
  const sign = (name: string, days: string): string => {
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
    openssl('x509', '-req', '-in', 'server.csr', ...by, '-days', days, '-out', name)
    return file(name)
  }
  return {
    authority: file('ca.crt'),
    key: file('server.key'),
    valid: sign('valid.crt', '2'),
    expired: sign('expired.crt', '-1'),
    ca: readFileSync(file('ca.crt'), 'utf8'),
  }
}
