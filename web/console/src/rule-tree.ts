/** How offers and segments write a rule: comparisons joined by all, any and not. */
export type RuleTree<Comparison> =
  | { all: RuleTree<Comparison>[] }
  | { any: RuleTree<Comparison>[] }
  | { not: RuleTree<Comparison> }
  | Comparison

const LISTED = new Set(['in', 'not_in', 'has_any', 'has_all', 'has_none'])

/** Operators that compare with a number of days. */
export function takesDays(op: string): boolean {
  return op === 'more_than_days_ago' || op === 'within_days' || op === 'within_next_days'
}

/** Operators that compare with a list of words, not with one. */
export function takesList(op: string): boolean {
  return LISTED.has(op)
}
