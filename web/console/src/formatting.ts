import { type Formatter, localParts, makeFormatter } from '@shared/format/formatter'
import { computed } from 'vue'
import { language } from './i18n'
import { currentSession } from './session'

const formatter = computed<Formatter>(() => {
  const merchant = currentSession()?.merchant
  return makeFormatter({
    locale: language.current(),
    currency: merchant?.currency ?? 'USD',
    zone: merchant?.zone ?? 'UTC',
    today: merchantToday(),
  })
})

/** The merchant's numbers, money and days in the chosen language; `.value` follows both. */
export function useFormat() {
  return formatter
}

/** The merchant's day: by its programme clock, in its zone. */
export function merchantToday(): string {
  const merchant = currentSession()?.merchant
  return localParts(merchant?.now ?? new Date().toISOString(), merchant?.zone ?? 'UTC').day
}
