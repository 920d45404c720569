type Write = (text: string) => void

let write: Write = (text) => void process.stdout.write(text)

/** The result of the command. */
export function writeOut(text: string): void {
  write(text)
}

/**
 * From now on stdout is for the command alone, because a program reads it: what handlers and whatever they load print there goes
 * to stderr.
 */
export function reserveStdout(): void {
  const own = process.stdout.write.bind(process.stdout)
  write = (text) => void own(text)
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
}
