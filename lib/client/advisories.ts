/** Known holes in Redis and Valkey by version. A distribution may have put a fix into an older version, which no version tells. */

export type Product = 'Redis' | 'Valkey'

interface Advisory {
  cve: string
  what: string
  /** The first release of each line that has the fix. A line that is not here and is older than the newest one here never got it. */
  fixed: Partial<Record<Product, readonly string[]>>
  /** The line in which it came; without it all are concerned. */
  since?: string
}

/** Newest first: the first of each product names every line that is still looked after. */
const ADVISORIES: readonly Advisory[] = [
  {
    cve: 'CVE-2026-81934',
    what: 'whoever connects over TLS may run code on the server',
    fixed: { Redis: ['6.2.24', '7.2.16', '7.4.11', '8.2.9', '8.4.6', '8.6.6', '8.8.2', '8.10.1'] },
  },
  {
    cve: 'CVE-2026-56684',
    what: 'whoever is logged in over TLS may run code on the server',
    fixed: { Valkey: ['7.2.14', '8.0.10', '8.1.9', '9.0.5', '9.1.1'] },
  },
  {
    cve: 'CVE-2026-66373',
    what: 'whoever may RESTORE may run code on the server',
    fixed: { Redis: ['6.2.23', '7.2.15', '7.4.10', '8.2.8', '8.4.5', '8.6.5', '8.8.0'] },
  },
  {
    cve: 'CVE-2026-63639',
    what: 'a crafted stream may run code on the server',
    fixed: { Valkey: ['7.2.14', '8.0.10', '8.1.9', '9.0.5', '9.1.1'] },
  },
  {
    cve: 'CVE-2026-25243',
    what: 'whoever may RESTORE may run code on the server',
    fixed: { Redis: ['6.2.22', '7.2.14', '7.4.9', '8.2.6', '8.4.3', '8.6.3'], Valkey: ['7.2.13', '8.0.8', '8.1.7', '9.0.4'] },
  },
  {
    cve: 'CVE-2026-23479',
    what: 'whoever is logged in may run code on the server',
    since: '7.2',
    fixed: { Redis: ['7.2.14', '7.4.9', '8.2.6', '8.4.3', '8.6.3'], Valkey: ['7.2.13', '8.0.8', '8.1.7', '9.0.4'] },
  },
  {
    cve: 'CVE-2026-23631',
    what: 'whoever may run scripts may run code on the server',
    since: '7.0',
    fixed: { Redis: ['7.2.14', '7.4.9', '8.2.6', '8.4.3', '8.6.3'], Valkey: ['7.2.13', '8.0.8', '8.1.7', '9.0.4'] },
  },
  {
    cve: 'CVE-2026-21863',
    what: 'whoever reaches the bus of a Cluster may end the server',
    fixed: { Valkey: ['7.2.12', '8.0.7', '8.1.6', '9.0.2'] },
  },
  {
    cve: 'CVE-2025-62507',
    what: 'whoever may use streams may run code on the server',
    since: '8.2',
    fixed: { Redis: ['8.2.3'] },
  },
  {
    cve: 'CVE-2025-49844',
    what: 'whoever may run scripts may run code on the server',
    fixed: { Redis: ['6.2.20', '7.2.11', '7.4.6', '8.0.4', '8.2.2'], Valkey: ['7.2.11', '8.0.6', '8.1.4'] },
  },
  {
    cve: 'CVE-2025-32023',
    what: 'whoever may count with HyperLogLogs may run code on the server',
    fixed: { Redis: ['6.2.19', '7.2.10', '7.4.5', '8.0.3'] },
  },
  {
    cve: 'CVE-2024-46981',
    what: 'whoever may run scripts may run code on the server',
    fixed: { Redis: ['6.2.17', '7.2.7', '7.4.2'] },
  },
  {
    cve: 'CVE-2024-31449',
    what: 'whoever may run scripts may run code on the server',
    fixed: { Redis: ['6.2.16', '7.2.6', '7.4.1'] },
  },
]

export interface Holes {
  cves: string[]
  /** What the newest of them lets happen. */
  what: string
  /** The first release, of this line or the next one that is looked after, that has all fixes. */
  upgradeTo: string
}

/** Null when none is known. */
export function holesOf(product: Product, version: string): Holes | null {
  const open = ADVISORIES.filter(({ fixed, since }) => isOpen(version, fixed[product], since))
  if (open.length === 0) return null
  const best = ADVISORIES.find(({ fixed }) => fixed[product] !== undefined)!.fixed[product]!
  return {
    cves: open.map(({ cve }) => cve),
    what: open[0]!.what,
    upgradeTo: best.find((one) => compare(one, version) > 0) ?? best.at(-1)!,
  }
}

function isOpen(version: string, fixed: readonly string[] | undefined, since: string | undefined): boolean {
  if (fixed === undefined || (since !== undefined && compare(version, `${since}.0`) < 0)) return false
  const own = fixed.find((one) => line(one) === line(version))
  return compare(version, own ?? fixed.at(-1)!) < 0
}

function line(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

function compare(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return (left[i] ?? 0) - (right[i] ?? 0)
  return 0
}
