import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { task } from '../../lib/index.ts'
import { jsonSchemasOf } from '../../lib/task/json-schema.ts'
import type { StandardSchemaV1 } from '../../lib/task/schema.ts'
import { until } from '../support/stage.ts'
import { board } from './support.ts'

const args = z.tuple([z.object({ to: z.string(), copies: z.number() })])
const send = task({ name: 'send', args }, (message) => message.to)
const plain = task('plain', (n: number) => n)

const standard = (more: object): StandardSchemaV1 =>
  ({ '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }), ...more } }) as StandardSchemaV1
const parsed = (...schemas: StandardSchemaV1[]): unknown =>
  JSON.parse(jsonSchemasOf(schemas.map((schema, i) => ({ name: `t${i}`, schema }))) || '{}')

describe('JSON Schemas of arguments', () => {
  it('come from Standard JSON Schema, else from a method of the schema, else there is none', () => {
    const asked: unknown[] = []
    const input = (options: unknown) => (asked.push(options), { type: 'array' })
    const throws = () => {
      throw new Error('no')
    }
    const withDate = z.tuple([z.date(), z.string()])
    expect(parsed(standard({ jsonSchema: { input } }), standard({}), standard({ jsonSchema: { input: throws } }), withDate)).toEqual({
      t0: { type: 'array' },
      t3: expect.objectContaining({ prefixItems: [{}, { type: 'string' }] }),
    })
    expect(asked).toEqual([{ target: 'draft-2020-12' }])
  })

  it('are bounded each and in number', () => {
    const large = standard({ jsonSchema: { input: () => ({ description: 'x'.repeat(20_000) }) } })
    const small = standard({ jsonSchema: { input: () => ({ type: 'array' }) } })
    const medium = standard({ jsonSchema: { input: () => ({ description: 'x'.repeat(10_000) }) } })
    expect(Object.keys(parsed(large, small) as object)).toEqual(['t1'])
    expect(Object.keys(parsed(...Array.from({ length: 300 }, () => small)) as object)).toHaveLength(200)
    expect(Object.keys(parsed(...Array.from({ length: 100 }, () => medium)) as object).length).toBeLessThan(27)
  })
})

describe('a worker tells them', () => {
  it('while it lives: in the list of tasks and with each job', async () => {
    const b = await board()
    const job = await b.queue().enqueue(send, [{ to: 'ann', copies: 1 }])
    const worker = b.worker('default', { tasks: [send, plain] })
    const running = worker.run()
    await job.result()
    const schema = expect.objectContaining({ prefixItems: [expect.objectContaining({ type: 'object', required: ['to', 'copies'] })] })
    expect((await b.get('GET /tasks')).tasks).toEqual([
      { name: 'plain', queues: ['default'], schema: null },
      { name: 'send', queues: ['default'], schema },
    ])
    expect((await b.get('GET /job', { id: job.id })).schema).toEqual(schema)
    const key = `${b.prefix}:schemas:${worker.name}`
    expect(await b.store.client.call('PTTL', key)).toBeGreaterThan(0)
    await worker.stop()
    await running
    expect(await b.store.client.call('EXISTS', key)).toBe(0)
  })

  it("and what else stands there is nobody's form", async () => {
    const b = await board()
    const worker = b.worker('default', { tasks: [send] })
    void worker.run()
    const schemas = async () => (await b.get('GET /tasks')).tasks.map(({ schema }) => schema)
    await until('it tells', async () => (await schemas()).some((schema) => schema !== null))
    const key = `${b.prefix}:schemas:${worker.name}`
    for (const odd of [
      '{"send":',
      '[1]',
      '"x"',
      'null',
      '{"send":"text"}',
      '{"send":[1]}',
      `{"send":{"title":"${'x'.repeat(1_100_000)}"}}`,
    ]) {
      await b.store.client.call('SET', key, odd)
      expect(await schemas()).toEqual([null])
    }
    // In one step: the worker writes anew what it finds gone.
    await b.store.client.call('EVAL', "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')", 1, key)
    expect(await schemas()).toEqual([null])
  })

  it('also of what its children have loaded', async () => {
    const b = await board()
    const file = fileURLToPath(new URL('../worker/fixtures/schema-tasks.mjs', import.meta.url))
    const worker = b.worker('default', { tasks: [file], pool: 'threads', concurrency: 1 })
    void worker.run()
    await until('it tells', async () => (await b.get('GET /tasks')).tasks.some(({ name, schema }) => name === 'post' && schema !== null))
  })
})
