import { createServer } from 'node:http'
import { createMetrics } from 'rqts/metrics'

// #region metrics
const metrics = createMetrics()
createServer((_, response) => {
  metrics.text().then(
    (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
    () => response.writeHead(503).end(),
  )
}).listen(9400)
// #endregion
