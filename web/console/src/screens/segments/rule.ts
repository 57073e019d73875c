/** A rule as the builder holds it: groups that say how many of their nodes must hold. */
import type { Comparison, DueAsked, Fact, FactValue, Operator, Rule } from '../../api/segments'
import { takesList } from '../../rule-tree'

export type Match = 'all' | 'any' | 'none'
export interface Group {
  match: Match
  nodes: Node[]
}
export type Leaf = Comparison
export type Node = Group | Leaf

/** The parts of what is known that insight works out. */
export const FORECAST_PARTS = [
  'drop',
  'silent',
  'lost',
  'value',
  'due_type',
  'due_category',
  'due_sku',
]

/** As deep as the API takes: a group inside `none` counts double. */
export const MOST_NODES = 60

export function isGroup(node: Node): node is Group {
  return 'match' in node
}

export function emptyGroup(): Group {
  return { match: 'all', nodes: [] }
}

/** The tree that the API takes; null while something is missing. */
export function toRule(node: Node): Rule | null {
  if (!isGroup(node)) return isComplete(node) ? { ...node } : null
  const inner = node.nodes.map(toRule)
  if (inner.length === 0 || inner.some((one) => one === null)) return null
  const rules = inner as Rule[]
  if (node.match === 'none') return { not: rules.length === 1 ? (rules[0] as Rule) : { any: rules } }
  if (rules.length === 1) return rules[0] as Rule
  return node.match === 'all' ? { all: rules } : { any: rules }
}

function toNode(rule: Rule): Node {
  if ('all' in rule) return { match: 'all', nodes: rule.all.map(toNode) }
  if ('any' in rule) return { match: 'any', nodes: rule.any.map(toNode) }
  if ('not' in rule) {
    const inner = rule.not
    return { match: 'none', nodes: 'any' in inner ? inner.any.map(toNode) : [toNode(inner)] }
  }
  return { ...rule }
}

/** The builder's outermost node is always a group. */
export function toGroup(rule: Rule | null): Group {
  if (!rule) return emptyGroup()
  const node = toNode(rule)
  return isGroup(node) ? node : { match: 'all', nodes: [node] }
}

export function isComplete(leaf: Leaf): boolean {
  const { value } = leaf
  if (!leaf.fact || !leaf.op || value === null) return false
  return typeof value === 'string' || Array.isArray(value) ? value.length > 0 : true
}

/** A first comparison on a fact, ready to be filled in. */
export function leafOn(fact: Fact): Leaf {
  const op = fact.operators[0] as Operator
  return { fact: fact.name, op, value: firstValue(op) }
}

/** What a value starts as under an operator; kept where it still fits. */
export function firstValue(op: Operator, before: FactValue = null): FactValue {
  if (op === 'known') return typeof before === 'boolean' ? before : true
  if (op === 'due') return isDueAsked(before) ? before : { chance: 50 }
  if (isDueAsked(before)) return null
  if (takesList(op)) {
    if (Array.isArray(before)) return before
    return typeof before === 'string' && before ? [before] : []
  }
  if (Array.isArray(before)) return before[0] ?? null
  return typeof before === 'boolean' ? null : before
}

export function isDueAsked(value: FactValue): value is DueAsked {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Money to come as rules ask for it: the nearest with two digits that count. */
export function worthNear(minor: number): number {
  const unit = 10 ** Math.max(0, String(Math.round(minor)).length - 2)
  return Math.round(minor / unit) * unit
}

/** The facts that a rule names. */
export function factsIn(rule: Rule): string[] {
  if ('all' in rule) return rule.all.flatMap(factsIn)
  if ('any' in rule) return rule.any.flatMap(factsIn)
  return 'not' in rule ? factsIn(rule.not) : [rule.fact]
}

/** The rule in the address, or null where it is not one. */
export function readRule(text: string): Rule | null {
  if (!text) return null
  try {
    const found: unknown = JSON.parse(text)
    return looksLikeRule(found) ? found : null
  } catch {
    return null
  }
}

function looksLikeRule(found: unknown): found is Rule {
  if (typeof found !== 'object' || found === null) return false
  const node = found as Record<string, unknown>
  if (Array.isArray(node.all)) return node.all.every(looksLikeRule)
  if (Array.isArray(node.any)) return node.any.every(looksLikeRule)
  if ('not' in node) return looksLikeRule(node.not)
  return typeof node.fact === 'string' && typeof node.op === 'string' && 'value' in node
}

/** The rule that follows cells of the RFM grid, row by row, neighbours as one stretch. */
export function rfmRule(cells: { r: number; f: number }[]): Rule | null {
  const rows = new Map<number, number[]>()
  for (const { r, f } of cells) rows.set(r, [...(rows.get(r) ?? []), f])
  const nodes: Rule[] = []
  for (const [r, scores] of [...rows].sort((one, other) => other[0] - one[0])) {
    for (const [first, last] of stretches(scores.sort((one, other) => one - other))) {
      const between: Rule[] =
        first === last
          ? [{ fact: 'frequency_score', op: '=', value: first }]
          : [
              { fact: 'frequency_score', op: '>=', value: first },
              { fact: 'frequency_score', op: '<=', value: last },
            ]
      nodes.push({ all: [{ fact: 'recency_score', op: '=', value: r }, ...between] })
    }
  }
  return nodes.length > 1 ? { any: nodes } : (nodes[0] ?? null)
}

function stretches(scores: number[]): [number, number][] {
  const found: [number, number][] = []
  for (const score of scores) {
    const last = found.at(-1)
    if (last && last[1] === score - 1) last[1] = score
    else found.push([score, score])
  }
  return found
}

/** A code for an address: what is plain in a name, or something that nobody has. */
export function codeFor(name: string): string {
  const plain = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return plain || `segment-${Date.now().toString(36)}`
}
