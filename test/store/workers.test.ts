import { afterEach, describe, expect, test } from 'vitest'
import { delistWorker, enlistWorker, readWorkers } from '../../lib/store/workers.ts'
import { wipe } from '../support/keyspace.ts'
import { storeOfFile } from '../support/table.ts'

describe('workers', () => {
  const store = storeOfFile()
  const key = () => store().keys.worker('w')
  const past = async (field: string) => await store().client.call('HSET', key(), field, (await store().now()) - 1)
  const read = async () =>
    (await readWorkers(store())).map(({ name, alive, fields }) => ({ name, alive, pid: fields['pid'], identity: fields['identity'] }))
  const mine = { name: 'w', alive: true, pid: '7', identity: 'me' }
  afterEach(() => wipe(store()))

  test('nobody', async () => expect(await read()).toEqual([]))

  test('a new one is written whole, without empty fields', async () => {
    expect(await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7, note: '', host: 'h' })).toBe(true)
    expect(await read()).toEqual([mine])
    expect(await store().client.call('HEXISTS', key(), 'note')).toBe(0)
    expect(Number(await store().client.call('PTTL', key()))).toBeGreaterThan(3_500_000)
    const deadline = Number(await store().client.call('ZSCORE', store().keys.workers, 'w')) - (await store().now())
    expect(Math.ceil(deadline / 20_000)).toBe(3)
  })

  test('a heartbeat replaces all fields, and says the same when it is sent twice', async () => {
    await enlistWorker(store(), 'w', 'me', 60_000, { pid: 1, job: 'x' })
    expect(await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })).toBe(true)
    expect(await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })).toBe(true)
    expect(await read()).toEqual([mine])
    expect(await store().client.call('HEXISTS', key(), 'job')).toBe(0)
  })

  test('a live worker keeps its name', async () => {
    await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })
    expect(await enlistWorker(store(), 'w', 'other', 60_000, { pid: 8 })).toBe(false)
    expect(await read()).toEqual([mine])
  })

  test('a dead one is told apart, and loses its name to the next', async () => {
    await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })
    await past('deadline')
    expect(await read()).toEqual([{ ...mine, alive: false }])
    expect(await enlistWorker(store(), 'w', 'other', 60_000, { pid: 8 })).toBe(true)
    expect(await read()).toEqual([{ ...mine, pid: '8', identity: 'other' }])
  })

  test('a name whose record is gone is not listed, and forgotten in time', async () => {
    await store().client.call('ZADD', store().keys.workers, 1, 'old')
    await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })
    expect(await store().client.call('ZRANGE', store().keys.workers, 0, -1)).toEqual(['w'])
  })

  test('a record that is none is written anew; one that stays broken harms no list', async () => {
    await store().client.call('SET', key(), 'text')
    expect(await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })).toBe(true)
    await store().client.call('ZADD', store().keys.workers, 1, 'bad')
    await store().client.call('SET', store().keys.worker('bad'), 'text')
    expect(await read()).toEqual([mine])
  })

  test('a deadline that is none belongs to nobody', async () => {
    await store().client.call('HSET', key(), 'identity', 'other', 'deadline', 'soon')
    expect(await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })).toBe(true)
  })

  test('delisting leaves nothing', async () => {
    await enlistWorker(store(), 'w', 'me', 60_000, { pid: 7 })
    await store().client.call('SET', store().keys.claim('q', 'w'), 'T a')
    await delistWorker(store(), 'w', ['q'])
    expect(await read()).toEqual([])
    for (const gone of [store().keys.workers, key(), store().keys.claim('q', 'w')])
      expect(await store().client.call('EXISTS', gone)).toBe(0)
  })
})
