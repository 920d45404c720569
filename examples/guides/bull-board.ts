import { createBullBoard } from '@bull-board/api'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import { RqtsAdapter } from 'rqts/bull-board'

// #region board
const serverAdapter = new HonoAdapter(serveStatic)
createBullBoard({ queues: [new RqtsAdapter('default'), new RqtsAdapter('mail')], serverAdapter })
// #endregion

export default serverAdapter.registerPlugin()
