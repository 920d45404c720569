import { expect, it } from 'vitest'
import { RqtsError } from '../../lib/errors.ts'
import { NEVER_CONNECTED, translateError, unavailable } from '../../lib/store/errors.ts'

const WHERE = 'redis://somewhere (given)'
const START = /Start one with/
const ACL = /Check the user, the password and its ACL\.$/

function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}

function clusterError(lastNodeError: Error): Error {
  return Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError })
}

it.each<[what: string, error: unknown, code: string, says: RegExp]>([
  ['a full Redis', new Error("OOM command not allowed when used memory > 'maxmemory'."), 'RQTS_REDIS_FULL', /maxmemory/],
  [
    'a full Redis 6.2, in a script',
    new Error(
      "ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -OOM command not allowed when used memory > 'maxmemory'.",
    ),
    'RQTS_REDIS_FULL',
    /Raise maxmemory/,
  ],
  [
    'a replica of Redis 6.2, in a script',
    new Error('ERR Error running script: @user_script: 9: -READONLY no writes.'),
    'RQTS_REDIS_UNAVAILABLE',
    /replica/,
  ],
  ['a newer schema', new Error('RQTS_SCHEMA_VERSION 2 script: 1, on @user_script:1.'), 'RQTS_SCHEMA_VERSION', /schema 2/],
  ['no password', new Error('NOAUTH Authentication required.'), 'RQTS_REDIS_ERROR', ACL],
  ['a wrong password', new Error('WRONGPASS invalid username-password pair or user is disabled.'), 'RQTS_REDIS_ERROR', ACL],
  ['a right that is missing', new Error("NOPERM this user has no permissions to run the 'info' command"), 'RQTS_REDIS_ERROR', ACL],
  ['a start', new Error('LOADING Redis is loading the dataset in memory'), 'RQTS_REDIS_UNAVAILABLE', /answers when it has\.$/],
  [
    'a replica',
    new Error("READONLY You can't write against a read only replica."),
    'RQTS_REDIS_UNAVAILABLE',
    /It is a replica: connect to its master/,
  ],
  ['a full disk', new Error('MISCONF Redis is configured to save RDB snapshots'), 'RQTS_REDIS_UNAVAILABLE', /cannot save to its disk/],
  ['a busy one', new Error('BUSY Redis is busy running a script.'), 'RQTS_REDIS_UNAVAILABLE', /SCRIPT KILL/],
  ['too few replicas', new Error('NOREPLICAS Not enough good replicas to write.'), 'RQTS_REDIS_UNAVAILABLE', /min-replicas-to-write/],
  ['a Cluster without a master', new Error('CLUSTERDOWN The cluster is down'), 'RQTS_REDIS_UNAVAILABLE', /CLUSTER INFO/],
  ['nobody there', coded('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'), 'RQTS_REDIS_UNAVAILABLE', START],
  [
    'nobody at either address of a name',
    Object.assign(new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]), {
      code: 'ECONNREFUSED',
    }),
    'RQTS_REDIS_UNAVAILABLE',
    /::1:1; connect ECONNREFUSED 127\.0\.0\.1:1\. Start one/,
  ],
  [
    'nobody in a Cluster',
    clusterError(coded('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED')),
    'RQTS_REDIS_UNAVAILABLE',
    /: connect ECONNREFUSED 127\.0\.0\.1:1\. Start/,
  ],
  ['a wrong password in a Cluster', clusterError(new Error('WRONGPASS invalid')), 'RQTS_REDIS_ERROR', ACL],
  ['a socket that ended', new Error('Connection is closed.'), 'RQTS_REDIS_UNAVAILABLE', START],
  ['no Redis', new Error('Unknown RESP type 72 "H". Please report this.'), 'RQTS_REDIS_UNAVAILABLE', /no Redis: check host and port/],
  ['a word that only begins like a code', new Error('LOADINGS of things'), 'RQTS_REDIS_ERROR', /Redis answered with an error/],
  ['anything else', new Error("ERR unknown command 'NOPE'"), 'RQTS_REDIS_ERROR', /Redis answered with an error/],
  ['what is no error', 'odd', 'RQTS_REDIS_ERROR', /: odd$/],
])('%s', (_, error, code, says) => {
  expect(translateError(error, WHERE)).toMatchObject({ code, cause: error, message: expect.stringMatching(says) })
})

it('ours stay as they are', () => {
  const error = new RqtsError('RQTS_CLOSED', 'closed')
  expect(translateError(error, WHERE)).toBe(error)
})

it.each<[what: string, where: string, why: unknown, says: RegExp]>([
  ['a wrong password', WHERE, new Error('WRONGPASS invalid username-password pair or user is disabled.'), ACL],
  ['a certificate that is over', WHERE, coded('certificate has expired', 'CERT_HAS_EXPIRED'), /Renew the server's certificate/],
  ['one of nobody', WHERE, coded('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), /NODE_EXTRA_CA_CERTS/],
  ['one of another', WHERE, coded('Hostname/IP does not match', 'ERR_TLS_CERT_ALTNAME_INVALID'), /NODE_EXTRA_CA_CERTS/],
  ['a certificate whose signer is unknown', WHERE, coded('unable to verify', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /NODE_EXTRA_CA_CERTS/],
  ['no Redis', WHERE, new Error('Unknown RESP type 72 "H"'), /no Redis: check host and port/],
  ['silence with TLS', 'rediss://somewhere', NEVER_CONNECTED, /Does it speak TLS there/],
  ['silence', WHERE, NEVER_CONNECTED, START],
])('why it cannot be reached: %s', (_, where, why, says) => {
  expect(unavailable(where, why)).toMatchObject({ code: 'RQTS_REDIS_UNAVAILABLE', message: expect.stringMatching(says) })
})
