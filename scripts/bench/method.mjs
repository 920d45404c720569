const count = (n) => n.toLocaleString('en')

/** The last section of docs/benchmarks.md. */
export function method({ enqueue, process, together }) {
  return `## Method

\`npm run bench\` repeats all of this; \`npm run bench -- --quick\` gives a first idea, \`npm run bench -- --list\` names the scenarios.

- **One harness, one adapter per library** with the same functions (\`scripts/bench/adapters\`). Handlers do nothing and return a number. The payload
  is about 120 B of JSON unless a row says otherwise; with Dates, rqts brings Dates back and the others bring texts.
- **Each at its defaults.** rqts keeps a finished job for 500 s, the others keep it for ever; "kept for 500 s", "all kept for ever" and "removed when done" make that
  equal. Every library keeps its leases, retries and events as they come. The only settings: Bee-Queue's producer is told that it is one, and its workers
  to look after delayed jobs.
- **Processes**: a private redis-server on loopback without disk, the harness, a producer, and a process per worker. Nothing shares an event loop.
- **Core scenarios** (those with targets, in the plots, or about cost) have the full number of runs; memory, idling, growth and crowds, which vary little, fewer or
  several rounds on one filled queue; the others have as many rounds as the time allows.
- **Runs are interleaved**, library by library in turning order, on an emptied Redis. Workers are new processes in each run. Each run warms up first, in the
  processes that are then measured: ${count(enqueue.warmup)} enqueues, or ${count(process.warmup)} jobs, at most one second.
- **Enqueueing** counts calls that were answered, ${count(enqueue.n)} of them or as many as fit into ${count(enqueue.maxMs)} ms; "in flight" means that so many callers
  wait for their answer, each for its own.
- **Processing** starts with a queue of ${count(process.n)} jobs. A job counts once Redis no longer holds it as waiting or running, so its result is written; the harness asks every
  2 ms. The window opens after the warm-up and closes when the queue is empty or after ${count(process.maxMs)} ms.
- **Latency** is open loop: jobs become due by the clock, no matter how the last one fares, and their time runs from that moment (a timer of Node may be
  up to 2 ms late, that is not charged) to the first line of the handler. For a single job it runs from the call of enqueue. The best rate, of which half is offered, is
  the library's own of "concurrency 10, enqueued at the same time": a producer with 100 enqueues in flight and a worker, with at most about ${count(together.most)} jobs on their way.
- **1 ms away**: the answers of Redis pass through a proxy in a process of its own that holds each for 1 ms.
- **Cost**: CPU time of Redis' main thread (\`INFO cpu\`), calls by \`INFO commandstats\` (commands inside scripts included) and the CPU time of the process
  that enqueues or works, in the measured window; the harness's own commands are subtracted.
- **Memory** is the growth of \`used_memory\` over that of an empty server with all scripts loaded and all clients gone, divided by the number of jobs.
- **Deliveries**: after each run, the jobs that Redis says are done, the calls of handlers and the different jobs among them must be the same number.
- **Growth**: 5 rounds on one queue, each of which enqueues and then works off the same number of jobs; "running" jobs are held by a worker beside, whose renewals of
  leases count as well. **A long life** is the heap in use after garbage collection, for waits with 100,000 jobs due tomorrow, others that run on and on or fail every few seconds, and
  callers who wait for each of them, **one of many** the time of single calls; these and "running" are of rqts alone.
- A run that throws, or takes longer than a minute and a half (four with a million waiting), is given up and told of above.
- Where a library can't do something, the cell holds a dash. BullMQ's flows make a parent wait for its children, not children for their parent.`
}
