// The competitors: what they are called, where their adapter is, and where in Redis their jobs sit.
// An adapter exports: open({ url, queue, retention }) → client, and work({ url, queue, concurrency, handle }) → stop().
// client: enqueue(payload) · enqueueMany(payloads) · schedule(at, payloads) · dependents(n, payload) · close(); absent where the library can't.
// retention: 'default' · 'keep' (for ever) · 'age' (500 s) · 'remove' (as soon as finished).

/** @param {string} q */
const rqtsKeys = (q) => ({
  later: [
    ['zcard', `rqts:{${q}}:scheduled`],
    ['zcard', `rqts:{${q}}:deferred`],
  ],
  waiting: [['llen', `rqts:{${q}}:queue`]],
  active: [['zcard', `rqts:{${q}}:started`]],
  finished: [['zcard', `rqts:{${q}}:finished`]],
})

const bullKeys = (q) => ({
  later: [
    ['zcard', `bull:${q}:delayed`],
    ['zcard', `bull:${q}:waiting-children`],
  ],
  waiting: [['llen', `bull:${q}:wait`]],
  active: [['llen', `bull:${q}:active`]],
  finished: [['zcard', `bull:${q}:completed`]],
})

const beeKeys = (q) => ({
  later: [['zcard', `bq:${q}:delayed`]],
  waiting: [['llen', `bq:${q}:waiting`]],
  active: [['llen', `bq:${q}:active`]],
  finished: [['scard', `bq:${q}:succeeded`]],
})

export const LIBRARIES = {
  rqts: { label: 'rqts', color: '#c2410c', load: () => import('./adapters/rqts.mjs'), keys: rqtsKeys, lacks: [] },
  bullmq: { label: 'BullMQ', color: '#475569', load: () => import('./adapters/bullmq.mjs'), keys: bullKeys, lacks: ['dependents'] },
  bee: { label: 'Bee-Queue', color: '#ca8a04', load: () => import('./adapters/bee.mjs'), keys: beeKeys, lacks: ['dependents', 'age'] },
}
