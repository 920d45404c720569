export async function digest(kind: 'daily' | 'weekly'): Promise<string> {
  return `the ${kind} digest`
}

export function archive(year: number): number {
  return year
}

export function ping(): string {
  return 'pong'
}
