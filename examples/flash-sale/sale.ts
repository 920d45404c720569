// A flash sale: so many buyers, three items. `node sale.ts 10000`
import { Queue, tasks } from 'rqts'

const { buy } = tasks<typeof import('./tasks.ts')>()
const buyers = Number(process.argv[2] ?? 100)
const items = 3
const sale = `sale-${Date.now()}`
const ARRIVALS_PER_TICK = 10

const queue = new Queue('sale')
await queue.enqueue(buy, [`${sale}-rehearsal`, 'nobody', 0]) // connects before the rush begins

const latenciesMs: number[] = []
async function order(buyer: string): Promise<string> {
  const began = performance.now()
  // Whoever clicks twice has one job: the second call gets the first one's.
  const job = await queue.enqueue(buy, [sale, buyer, items], { jobId: `${sale}-${buyer}`, ifExists: 'return' })
  latenciesMs.push(performance.now() - began)
  return await job.result()
}

const outcomes: Promise<string>[] = []
while (outcomes.length < buyers) {
  const arrivals = Math.min(ARRIVALS_PER_TICK, buyers - outcomes.length)
  for (let n = 0; n < arrivals; n++) outcomes.push(order(`buyer-${outcomes.length}`))
  await new Promise((resolve) => setTimeout(resolve, 5))
}
const settled = await Promise.allSettled(outcomes)
const told = settled.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'failed'))
latenciesMs.sort((a, b) => a - b)
console.log(
  JSON.stringify({
    buyers,
    winners: told.filter((answer) => answer === 'won').length,
    soldOut: told.filter((answer) => answer === 'sold out').length,
    enqueueP99Ms: Number(latenciesMs[Math.floor(latenciesMs.length * 0.99)]!.toFixed(2)),
  }),
)
await queue.close()
