import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { enqueueJobs } from '../../lib/store/enqueue.ts'
import { note } from '../../lib/store/jobs.ts'
import type { Store } from '../../lib/store/store.ts'
import { adminOf, openStore, ownServer } from '../support/servers.ts'
import { until } from '../support/stage.ts'
import { account, drained } from './account.ts'
import { newJob, put, take } from './jobs.ts'
import { Load, saidInPairs } from './load.ts'

/** Far below what it uses: that falls by itself, when buffers of connections are given back. */
async function fill(admin: Redis): Promise<void> {
  await admin.config('SET', 'maxmemory-policy', 'noeviction')
  await admin.config('SET', 'maxmemory', '1')
  await expect(admin.set('one-more', 'x'.repeat(100))).rejects.toThrow('OOM')
}

function enqueue(store: Store): Promise<unknown> {
  return enqueueJobs(store, 'q', [newJob()], false)
}

describe('Redis is full, without eviction', () => {
  it('claims, renewals and outcomes go on, new workers come, enqueueing is refused; all is well when there is memory', {
    timeout: 120_000,
  }, async () => {
    const server = await ownServer()
    const admin = adminOf(server)
    const store = openStore(server.url)
    const load = new Load(store)
    const ids = await put(store, 'q', ...Array.from({ length: 30 }, (_, n) => ({ args: [n < 10 ? 5_000 : 5] })))
    for (const id of ids) load.journal.write('enqueued', id)
    load.worker(server.url, { lease: 2_000 })
    await until('jobs run', () => load.starts >= 10)
    await fill(admin)
    const ready = new Promise((resolve) => load.worker(server.url, { lease: 2_000 }).on('ready', resolve))
    await expect(enqueue(store)).rejects.toMatchObject({ code: 'RQTS_REDIS_FULL' })
    await expect(
      put(store, 'q', { control: { unique: { key: 'k', mode: 'replace' } }, fields: { unique: 'k', flags: 'u' } }),
    ).rejects.toMatchObject({ code: 'RQTS_REDIS_FULL' })
    await drained(store, 'q')
    await ready
    // The long ones outlived their leases; each ran once.
    expect(await account(store, 'q', load.journal)).toMatchObject({ finished: 30, starts: 30, repeated: 0, missing: [] })
    await admin.config('SET', 'maxmemory', '0')
    await enqueue(store)
    await drained(store, 'q')
  })

  it('a handler can still tell of its progress', async () => {
    const server = await ownServer()
    const admin = adminOf(server)
    const store = openStore(server.url)
    await put(store, 'q', { id: 'a' })
    await take(store, { token: 'first' })
    await fill(admin)
    for (const kind of ['progress', 'log'] as const)
      expect(await note(store, { queue: 'q', id: 'a', token: 'first' }, kind, '1')).toBe(true)
  })
})

/** A folder on a disk of 3 MB, or the reason why there is none. */
function smallDisk(): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'rqts-disk-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', dir], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('/bin/umount', ['-l', dir]))
  return dir
}

describe('the disk is full', () => {
  it('work stops with one line, and goes on when there is room', { timeout: 120_000 }, async (context) => {
    const dir = smallDisk()
    if (dir === undefined) return context.skip('needs root and a kernel that mounts tmpfs')
    const server = await ownServer({ persist: true, dir })
    const store = openStore(server.url)
    const load = new Load(store)
    load.worker(server.url)
    load.produce(10)
    await load.progress(20)
    const filler = join(dir, 'filler')
    for (const size of [4_000_000, 100_000, 4_096, 512]) {
      try {
        writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
      } catch {
        // As much as fits is written.
      }
    }
    await until('writes are refused', () => load.refusals.length > 0)
    expect(new Set(load.refusals)).toEqual(new Set(['RQTS_REDIS_UNAVAILABLE']))
    await until('the worker has met it too', () => load.logs[0]!.outages.length > 0)
    rmSync(filler)
    await load.progress(20)
    await load.stopProducing()
    await drained(store, 'q')
    expect(await account(store, 'q', load.journal)).toMatchObject({ missing: [], lost: [] })
    // Between two failing writes Redis may take one that fits: then it is two outages, each said once.
    const said = load.logs[0]!.outages
    expect(said.length).toBeGreaterThan(1)
    expect(said).toSatisfy(saidInPairs)
  })
})
