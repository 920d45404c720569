// Tasks are plain exported functions; each is known by its name.

export function add(a: number, b: number): number {
  return a + b
}

export async function greet(name: string): Promise<string> {
  return `Hello, ${name}!`
}

/** Dates, maps, sets and big integers go to the worker and come back as what they are. */
export function daysLater(start: Date, days: number): Date {
  return new Date(start.getTime() + days * 86_400_000)
}
