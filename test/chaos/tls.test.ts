import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { freePort } from '../../lib/embedded/port.ts'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { Store } from '../../lib/store/store.ts'
import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { testPrefix } from '../support/redis.ts'
import { adminOf, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { newJob } from './jobs.ts'
import { Load, saidInPairs } from './load.ts'

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

interface Rig {
  certificates: Certificates
  /** Where Redis speaks TLS. */
  port: number
  /** Past all TLS. */
  admin: Redis
  /** What a program gives that knows the authority. */
  known: { host: string; port: number; tls: { ca: string } }
}

async function rig(context: TestContext): Promise<Rig> {
  const certificates = makeCertificates()
  if (certificates === undefined) return context.skip('needs openssl, to make certificates')
  const port = await freePort()
  const { authority, key, valid } = certificates
  const files = ['--tls-ca-cert-file', authority, '--tls-key-file', key, '--tls-cert-file', valid]
  const server = await ownServer({ args: ['--tls-port', String(port), '--tls-auth-clients', 'no', ...files] }).catch(() => undefined)
  if (server === undefined) return context.skip('needs a redis-server that was built with TLS')
  return { certificates, port, admin: adminOf(server), known: { host: '127.0.0.1', port, tls: { ca: certificates.ca } } }
}

function storeOf(connection: Rig['known'] | string): Store {
  const store = new Store({ connection, prefix: testPrefix() })
  onTestFinished(() => store.close())
  return store
}

describe('Redis behind TLS', () => {
  it('its certificate expires under load: said once, with the reason, and all goes on when it is renewed', {
    timeout: 120_000,
  }, async (context) => {
    const { certificates, known, admin } = await rig(context)
    const store = storeOf(known)
    const load = new Load(store)
    load.worker('', { connection: known })
    load.produce(10)
    await load.progress(10)
    await admin.config('SET', 'tls-cert-file', certificates.expired)
    // Who is connected already would not ask for it.
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until('both are refused', () => load.refusals.length > 0 && load.logs[0]!.outages.length > 0, 30_000)
    await admin.config('SET', 'tls-cert-file', certificates.valid)
    await load.progress(10, 30_000)
    await load.stopProducing()
    await drained(store, 'q')
    expect(await account(store, 'q', load.journal)).toMatchObject({ missing: [], lost: [] })
    expect(new Set(load.refusals)).toEqual(new Set(['RQTS_REDIS_UNAVAILABLE']))
    const [gone, back] = load.logs[0]!.outages
    expect(gone).toMatch(/^error Redis cannot be reached.* certificate has expired/)
    expect(back).toMatch(/^info Redis answers again/)
    expect(load.logs[0]!.outages).toSatisfy(saidInPairs)
  })

  it('an authority that the program does not know: refused with a word about it', { timeout: 120_000 }, async (context) => {
    const { port } = await rig(context)
    const store = storeOf(`rediss://127.0.0.1:${port}`)
    await expect(enqueueJobs(store, 'q', [newJob()], false)).rejects.toMatchObject({
      code: 'RQTS_REDIS_UNAVAILABLE',
      message: expect.stringMatching(/self-signed certificate.*NODE_EXTRA_CA_CERTS/),
    })
  })

  it('rediss:// is enough for a program that is started with the authority', { timeout: 120_000 }, async (context) => {
    const { port, certificates } = await rig(context)
    const env = { ...process.env, RQTS_REDIS_URL: `rediss://127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: certificates.authority }
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'info', '--json'], { env })
    expect(JSON.parse(stdout)).toMatchObject({ queues: [] })
  })
})
