// What the jobs carry. The sizes are those of their JSON text.

const DAY = Date.UTC(2026, 0, 1)

export const PAYLOADS = {
  empty: undefined,
  '120 B': { user: 1_234_567, address: 'somebody@example.org', text: 'x'.repeat(55), ok: true },
  '10 KB': {
    rows: Array.from({ length: 100 }, (_, i) => ({ id: 100_000 + i, name: 'n'.repeat(36), price: 19.99, tags: ['a', 'b', 'c'] })),
  },
  // A Date arrives as a Date at rqts and as a text at the others.
  Dates: { user: 1_234_567, from: new Date(DAY), until: new Date(DAY + 86_400_000), visits: [new Date(DAY), new Date(DAY + 1)] },
}

/** About 120 B with the moment in µs at which the job was due, on the clock that all processes of a machine share. */
export function stamped(at) {
  return { at, text: 'x'.repeat(90) }
}

export function nowUs() {
  return Number(process.hrtime.bigint() / 1_000n)
}
