/** Where the next page of a search begins, as a text for its caller to give back. */
export interface Cursor {
  segment: number
  offset: number
  /** Of the whole search, once it is known. */
  total?: number
  exact?: boolean
}

export const START: Cursor = { segment: 0, offset: 0 }

export function showCursor({ segment, offset, total, exact }: Cursor): string {
  return [segment, offset, total ?? '', exact ? 1 : 0].join('.')
}

/** Anything but a cursor of ours starts from the beginning. */
export function parseCursor(text: string | undefined): Cursor {
  const [, segment, offset, total, exact] = /^(\d{1,6})\.(\d{1,10})\.(\d{0,10})\.([01])$/.exec(text ?? '') ?? []
  if (segment === undefined) return START
  return { segment: Number(segment), offset: Number(offset), ...(total !== '' && { total: Number(total), exact: exact === '1' }) }
}
