import type { Place } from '../store/jobs.ts'
import type { Container } from '../store/keys.ts'
import { idsNow } from '../store/listing.ts'
import type { Store } from '../store/store.ts'

export interface Page {
  offset: number
  count: number
  desc?: boolean
}

/**
 * A page of a container of a queue: of one with partitions their lists in turn, one of each, as workers take them. Within a partition
 * the order is exact, across them only as good as their load is even.
 */
export async function pageOf(store: Store, names: readonly string[], container: Container, page: Page): Promise<Place[]> {
  if (names.length === 1) return (await idsNow(store, names[0]!, container, page)).map((id) => ({ queue: names[0]!, id }))
  const { offset, count, desc = false } = page
  const most = count === -1 ? -1 : offset + count
  const lists = await Promise.all(names.map((name) => idsNow(store, name, container, { offset: 0, count: most, desc })))
  const places: Place[] = []
  for (let row = 0; lists.some((list) => row < list.length); row++)
    for (const [i, list] of lists.entries()) if (row < list.length) places.push({ queue: names[i]!, id: list[row]! })
  return places.slice(offset, count === -1 ? undefined : most)
}

/** How many are listed before the one at this place of the n-th partition's list, when each list has so many. */
export function listedBefore(lengths: readonly number[], n: number, at: number): number {
  return lengths.reduce((sum, length, i) => sum + Math.min(length, i < n ? at + 1 : at), 0)
}
