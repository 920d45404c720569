/**
 * A Redis to develop and test with, started on demand: `import { startPrivateRedis, startProjectRedis } from 'rqts/embedded'`.
 * Where it comes from: PATH, an earlier download, the system's packages, Docker. Only with `install: true` is anything installed.
 */
export { type FindRedisOptions, findRedisProgram, redisUrlFromEnv } from './find.ts'
export { startPrivateRedis } from './private.ts'
export type { RedisProgram } from './program.ts'
export {
  type ProjectRedis,
  type ProjectRedisOptions,
  type ProjectRedisStatus,
  projectRedisStatus,
  startProjectRedis,
  stopProjectRedis,
} from './project.ts'
export { findProjectRedisUrl } from './running.ts'
export type { PrivateRedisOptions, RedisServer } from './server.ts'
