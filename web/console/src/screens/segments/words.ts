/** Rules in words, in the reader's language. */
import { useI18n } from 'vue-i18n'
import type { Comparison, DueAsked, Fact, Rule } from '../../api/segments'
import { useFormat } from '../../formatting'
import { takesDays } from '../../rule-tree'
import { useLadder } from '../../tier-names'
import { isDueAsked } from './rule'

const WINDOWED = /^(purchase_days|spend)_(\d+)$/

export function useWords() {
  const { t, te } = useI18n()
  const format = useFormat()
  const ladder = useLadder()

  function factName(name: string): string {
    const windowed = WINDOWED.exec(name)
    if (windowed) return t(`fact.${windowed[1]}_in`, { days: windowed[2] as string })
    return te(`fact.${name}`) ? t(`fact.${name}`) : name
  }

  function operatorName(op: string, kind: Fact['kind'] | undefined): string {
    return kind === 'set' || !te(`op.${op}`) ? t(`op_set.${op}`) : t(`op.${op}`)
  }

  function one(fact: string, value: unknown, kind: Fact['kind'] | undefined): string {
    if (kind === 'chance' && typeof value === 'number') return format.value.percent(value * 100, 0)
    if (fact === 'lost_as' && te(`lost_as.${value}`)) return t(`lost_as.${value}`)
    if ((kind === 'money' || kind === 'worth') && typeof value === 'number') return format.value.money(value)
    if (typeof value === 'number') return format.value.count(value)
    if ((kind === 'day' || kind === 'coming_day') && typeof value === 'string') return format.value.day(value)
    if (fact === 'tier') return ladder.value.find((rung) => rung.code === value)?.name ?? `${value}`
    if (fact === 'status' && te(`buyer.${value}`)) return t(`buyer.${value}`)
    return `${value}`
  }

  function comparison(leaf: Comparison, facts: Map<string, Fact>): string {
    const kind = facts.get(leaf.fact)?.kind
    const fact = factName(leaf.fact)
    if (leaf.op === 'known') return t(leaf.value ? 'segments.known' : 'segments.unknown', { fact })
    if (isDueAsked(leaf.value)) return due(fact, leaf.value)
    const given = Array.isArray(leaf.value)
      ? leaf.value.map((value) => one(leaf.fact, value, kind)).join(', ')
      : one(leaf.fact, leaf.value, takesDays(leaf.op) ? 'number' : kind)
    if (takesDays(leaf.op)) {
      return t(`segments.${leaf.op}`, { fact, days: given })
    }
    return t('segments.comparison', { fact, op: operatorName(leaf.op, kind), value: given })
  }

  function due(fact: string, asked: DueAsked): string {
    let said = t('segments.due_item', { fact, item: asked.item ?? t('segments.any_item') })
    if (asked.chance) {
      const chance = format.value.percent(asked.chance * 100, 0)
      said = t('segments.due_chance', { what: said, chance })
    }
    if (asked.days === undefined) return said
    return t('segments.due_days', { what: said, days: format.value.count(asked.days) })
  }

  function sentence(rule: Rule, facts: Map<string, Fact>, inside = false): string {
    if ('all' in rule) return joined(rule.all, 'segments.and', facts, inside)
    if ('any' in rule) return joined(rule.any, 'segments.or', facts, inside)
    if ('not' in rule) return t('segments.not', { what: sentence(rule.not, facts, true) })
    return comparison(rule, facts)
  }

  function joined(rules: Rule[], word: string, facts: Map<string, Fact>, inside: boolean): string {
    const text = rules.map((one) => sentence(one, facts, rules.length > 1)).join(` ${t(word)} `)
    return inside && rules.length > 1 ? t('segments.brackets', { what: text }) : text
  }

  return { factName, operatorName, sentence }
}
