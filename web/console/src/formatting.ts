import { type Formatter, localParts, makeFormatter } from '@shared/format/formatter'
import { computed } from 'vue'
import { language } from './i18n'
import { currentSession } from './session'

/** Days of the week as the API counts them: Monday is 1. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7]

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

/** The day of a cell of a calendar: pickers hand over midnight where the browser is. */
export function pickedDay(date: Date): string {
  const part = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`
}
