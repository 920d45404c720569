/**
 * rqts/metrics: the state of all queues in the text format of Prometheus.
 *
 *     const metrics = createMetrics()
 *     app.get('/metrics', async (_, response) => response.type(metrics.contentType).send(await metrics.text()))
 */
import { lazyStore, type Store } from '../client/inspector.ts'
import type { ConnectOptions } from '../client/shared-store.ts'
import { metricsText } from './text.ts'

export class Metrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8'
  readonly #store: Store

  constructor(options: ConnectOptions = {}) {
    this.#store = lazyStore(options)
  }

  /** Reads Redis once: a few calls per queue, however many jobs there are. */
  text(): Promise<string> {
    return metricsText(this.#store)
  }

  async close(): Promise<void> {
    await this.#store.close()
  }
}

export function createMetrics(options: ConnectOptions = {}): Metrics {
  return new Metrics(options)
}
