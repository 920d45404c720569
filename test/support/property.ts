import fc from 'fast-check'
import { SEED } from './random.ts'

// Drawn anew for each run, a rare case would fail a gate by chance, in a change that has nothing to do with it.
fc.configureGlobal({ seed: SEED })

export default fc
