import { asProblem, type Problem } from '@shared/api/problem'
import { type Formatter, localParts, makeFormatter } from '@shared/format/formatter'
import { computed, shallowReactive } from 'vue'
import { api } from './client'
import { language } from './i18n'
import type { Card } from './types'

const state = shallowReactive<{ card: Card | null; problem: Problem | null }>({
  card: null,
  problem: null,
})

export async function loadCard(): Promise<void> {
  try {
    state.card = await api.get<Card>('/card')
    state.problem = null
  } catch (reason) {
    state.problem = asProblem(reason)
  }
}

export function useCard() {
  return state
}

/** The shop's day, by its programme clock and in its zone. */
export function shopToday(): string {
  const merchant = state.card?.merchant
  return localParts(merchant?.now ?? new Date().toISOString(), merchant?.zone ?? 'UTC').day
}

const formatter = computed<Formatter>(() =>
  makeFormatter({
    locale: language.current(),
    currency: state.card?.merchant.currency ?? 'USD',
    zone: state.card?.merchant.zone ?? 'UTC',
    today: shopToday(),
  }),
)

export function useFormat() {
  return formatter
}
