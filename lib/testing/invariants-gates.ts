import type { QueueState } from './queue-state.ts'

/** What limits hold back is known by its gate, and who is inside a gate has passed it. */
export function* gates(state: QueueState): Generator<[rule: number, id: string, text: string]> {
  const lanesOf = new Map<string, string[]>()
  for (const [gate, lane] of state.lanes) {
    for (const [id, turn] of lane) {
      lanesOf.set(id, [...(lanesOf.get(id) ?? []), gate])
      if (state.parked.get(id) !== turn) yield [1, id, `is parked at ${gate} with another turn than in all`]
    }
    if (!state.gates.has(gate)) yield [2, `parked:${gate}`, 'has jobs, but nobody looks at this gate']
    if (gate.startsWith('key:') && !state.held.has(gate)) yield [2, `parked:${gate}`, 'has jobs, and nobody is inside']
  }
  for (const id of state.parked.keys()) {
    const at = lanesOf.get(id) ?? []
    if (at.length !== 1) yield [1, id, `is parked at ${at.length === 0 ? 'no gate' : at.join(' and ')}`]
  }
  for (const [gate, ids] of state.held) {
    if (!state.gates.has(gate)) yield [2, `held:${gate}`, 'has jobs, but nobody looks at this gate']
    for (const id of ids) {
      const fields = state.jobs.get(id)?.fields
      const name = fields?.[gate.startsWith('key:') ? 'concurrency_key' : 'task']
      const inside = fields?.['status'] === 'started' || fields?.['status'] === 'queued'
      if (!inside || gate !== `${gate.split(':', 1)[0]}:${name}`) yield [2, id, `is inside ${gate}, where it does not belong`]
      if (state.lanes.get(gate)?.has(id)) yield [1, id, `is inside ${gate} and parked before it`]
    }
  }
  for (const [id, { fields }] of state.jobs) {
    const key = fields?.['concurrency_key']
    if (fields === null || key === undefined) continue
    if (!fields['flags']?.includes('k')) yield [2, id, `has a concurrency key, but its flags '${fields['flags'] ?? ''}' do not say so (k)`]
    const runs = fields['status'] === 'started' || (fields['status'] === 'queued' && !state.lanes.get(`key:${key}`)?.has(id))
    if (runs && !state.held.get(`key:${key}`)?.has(id)) yield [2, id, `is ${fields['status']} without having passed the gate of its key`]
  }
  for (const gate of state.gates.keys()) {
    if (!state.held.has(gate) && !state.lanes.has(gate)) yield [9, `gates ${gate}`, 'is a gate where nobody is']
  }
}
