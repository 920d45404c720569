import { expect, it } from 'vitest'
import { startCluster } from '../support/cluster.ts'
import { run } from './program.ts'

it('examples/cluster/partitions.ts runs as printed, on a Cluster, and ends by itself', { timeout: 150_000 }, async () => {
  const { url } = await startCluster(3, false)
  const program = run('examples/cluster/partitions.ts', { RQTS_REDIS_URL: url })
  expect(await program.end(), program.output).toBe(0)
  for (const text of ['hot seen /shop', '3 finished']) expect(program.output).toContain(text)
})
