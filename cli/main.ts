#!/usr/bin/env node
// An old Node must be able to read this file to the end, or it says what it stumbled over instead of what it lacks.
const NEEDED = [20, 19] as const
const found = process.versions.node.split('.').map(Number)
if (found[0]! < NEEDED[0] || (found[0] === NEEDED[0] && found[1]! < NEEDED[1])) {
  process.stderr.write('error: rqts needs Node ' + NEEDED.join('.') + ' or newer, and this is Node ' + process.versions.node + '\n')
  process.exitCode = 2
} else {
  void import('./start.ts')
}
