/**
 * Where a file is that runs as a process or thread of its own: in the built package. Run from the sources, as the tests do, it is the
 * built file of the same name all the same, because Node 20 reads no TypeScript.
 */
export function entryOf(path: 'pool/process-child' | 'pool/thread-child' | 'watchdog/watchdog-thread'): URL {
  const here = import.meta.url
  const folder = here.endsWith('.ts') ? here.replace(/\/lib\/worker\/[^/]*$/, '/dist/lib/worker/') : here
  return new URL(`./${path}.js`, folder)
}
