import type { Condition, Rule } from '../../api/offers'

/** The conditions of a rule that asks for all of a list; null for a deeper tree. */
export function conditionsOf(rule: Rule | null): Condition[] | null {
  if (rule === null) return []
  if ('fact' in rule) return [rule]
  if (!('all' in rule)) return null
  return rule.all.every((part) => 'fact' in part) ? (rule.all as Condition[]) : null
}

/** The rule that asks for all of them; none asks for nothing, one stands by itself. */
export function ruleOf(conditions: Condition[]): Rule | null {
  if (conditions.length === 0) return null
  return conditions.length === 1 ? (conditions[0] as Condition) : { all: conditions }
}
