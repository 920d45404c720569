import { show } from './duration.ts'
import { RqtsError } from './errors.ts'

/**
 * A partition is a queue like any other, under a name that nobody can choose: `hot~1.17` is one of 'hot', and 'hot' itself is the first.
 * The number after the dot is chosen so that the partitions lie evenly over the slots of a Cluster, and so on its nodes.
 */
const MARK = '~'
const SLOTS = 16_384
const MAX_PARTITIONS = 64
/** A name may have 128 characters, and this is what a partition adds. */
const MAX_NAME = 116

export function checkPartitions(queue: string, count: unknown): number {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MAX_PARTITIONS)
    throw new RqtsError('RQTS_BAD_OPTION', `partitions must be a whole number from 1 to ${MAX_PARTITIONS}; got ${show(count)}`)
  if (queue.length > MAX_NAME)
    throw new RqtsError('RQTS_BAD_NAME', `The name of a queue with partitions must have at most ${MAX_NAME} characters`)
  return count
}

/** The names under which the partitions of a queue are stored; the first is the queue's own. */
export function partitionNames(queue: string, count: number): readonly string[] {
  const first = slotOf(queue)
  return Array.from({ length: count }, (_, n) => (n === 0 ? queue : spread(queue, n, first, count)))
}

/** The queue that people know, of the name under which it or one of its partitions is stored. */
export function queueOf(stored: string): string {
  const at = stored.indexOf(MARK)
  return at === -1 ? stored : stored.slice(0, at)
}

/** Which of so many partitions has what goes by this text: a job's id, its unique key, its concurrency key. */
export function partitionOf(text: string, count: number): number {
  // FNV-1a: ids differ in few characters, and each must count.
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) % count
}

function spread(queue: string, n: number, first: number, count: number): string {
  const share = SLOTS / count
  for (let salt = 0; ; salt++) {
    const name = `${queue}${MARK}${n}.${salt}`
    // Into the n-th share of all slots, counted from that of the first partition, by its middle half.
    const distance = (slotOf(name) - first + SLOTS) % SLOTS
    if (Math.abs(distance - n * share) <= share / 4) return name
  }
}

/** CRC16 as Redis Cluster has it, of what stands in the braces of the keys. */
function slotOf(name: string): number {
  let crc = 0
  for (let i = 0; i < name.length; i++) {
    crc ^= name.charCodeAt(i) << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    crc &= 0xffff
  }
  return crc % SLOTS
}
