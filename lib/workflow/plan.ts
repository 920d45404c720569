import { RqtsError } from '../errors.ts'
import { split } from '../split.ts'
import { placesOf, type Shape } from './shape.ts'
import { COLLECT, type FlowSpec, type Step } from './spec.ts'

/** One job to be, parents by their place in the plan. */
export interface PlanNode {
  readonly step: Step
  readonly parents: readonly number[]
  /** What it takes of its parents' results; undefined for nothing. */
  readonly takes?: Shape
  /** 1 for jobs that begin at once, else one more than the latest parent's. */
  readonly depth: number
  /** The longest way from here to the end, in steps. */
  remaining: number
}

/** A workflow as a graph: parents come before their children. */
export interface Plan {
  readonly nodes: readonly PlanNode[]
  /** Where the results of the whole come from. */
  readonly shape: Shape
  /** The longest way through, in steps. */
  readonly depth: number
}

/** From nested parts to a graph whose size is linear in theirs. */
export function planFlow(spec: FlowSpec): Plan {
  const planner = new Planner()
  const shape = planner.add(spec, undefined)
  return planner.finish(shape)
}

class Planner {
  readonly #nodes: PlanNode[] = []

  /** `before` are the results that this part may take, undefined at the very beginning. Returns where its own are. */
  add(spec: FlowSpec, before: Shape | undefined): Shape {
    switch (spec.kind) {
      case 'task':
        return this.#step(spec, before)
      case 'chain':
        return spec.steps.reduce<Shape | undefined>((last, step) => this.add(step, last), before) ?? this.#collect([], before)
      case 'group': {
        if (spec.members.length === 0) return this.#collect([], before)
        // A group after a group: through one job in between, or the edges would be as many as one times the other.
        const wide = before !== undefined && typeof before !== 'number' && spec.members.length > 1
        const given = wide ? this.#collect(before, before) : before
        return spec.members.map((member) => this.add(member, given))
      }
    }
  }

  finish(shape: Shape): Plan {
    const nodes = this.#nodes
    for (let at = nodes.length - 1; at >= 0; at--) {
      const { parents, remaining } = nodes[at]!
      for (const parent of parents) nodes[parent]!.remaining = Math.max(nodes[parent]!.remaining, remaining + 1)
    }
    return { nodes, shape, depth: nodes.reduce((most, { depth }) => Math.max(most, depth), 0) }
  }

  #step(step: Step, before: Shape | undefined): number {
    const parents = before === undefined ? [] : placesOf(before)
    const takes = before === undefined || step.immutable ? undefined : before
    return this.#push(step, parents, takes)
  }

  #collect(takes: Shape, before: Shape | undefined): number {
    return this.#push(
      { kind: 'task', task: COLLECT, args: [], immutable: false, options: {} },
      before === undefined ? [] : placesOf(before),
      takes,
    )
  }

  #push(step: Step, parents: readonly number[], takes: Shape | undefined): number {
    const depth = 1 + parents.reduce((most, parent) => Math.max(most, this.#nodes[parent]!.depth), 0)
    return this.#nodes.push({ step, parents, depth, remaining: 0, ...(takes !== undefined && { takes }) }) - 1
  }
}

/** Children of each node, in order. */
export function childrenOf(plan: Plan): number[][] {
  const children: number[][] = plan.nodes.map(() => [])
  for (const [at, { parents }] of plan.nodes.entries()) for (const parent of parents) children[parent]!.push(at)
  return children
}

export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1)
    throw new RqtsError('RQTS_BAD_ARGS', `chunks(task, items, size) takes a whole number from 1 as size; got ${String(size)}`)
  return split(items, size)
}
