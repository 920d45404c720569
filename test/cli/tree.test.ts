import { expect, it } from 'vitest'
import { type Graph, treeLines } from '../../cli/output/tree.ts'

const at = (id: string, queue = 'q') => ({ queue, id })
const node = (id: string, status: 'finished' | 'queued' | 'deferred', queue = 'q') => ({
  place: at(id, queue),
  job: { task: `t${id}`, status },
})

it('a chord: the body once in full, by name under its other parents', () => {
  const graph: Graph = {
    nodes: [node('a', 'finished'), node('b', 'queued', 'other'), node('c', 'deferred'), { place: at('d'), job: null }],
    edges: [
      { parent: at('a'), child: at('c') },
      { parent: at('b', 'other'), child: at('c') },
      { parent: at('c'), child: at('d') },
    ],
    truncated: true,
  }
  expect(treeLines(graph, at('c'))).toEqual([
    'ta  a  finished',
    '└─ tc  c  deferred  after 2 jobs ←',
    '   └─ d  gone',
    'tb  other/b  queued',
    '└─ tc  c  deferred  (shown above) ←',
    '! more jobs hang together than the 4 shown',
  ])
})

it('control characters of a task name do not get through', () => {
  const graph: Graph = { nodes: [{ place: at('a'), job: { task: 'x\u001b[2J', status: 'queued' } }], edges: [], truncated: false }
  expect(treeLines(graph, at('a'))).toEqual(['x  a  queued ←'])
})
