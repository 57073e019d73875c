import { useI18n } from 'vue-i18n'
import type { When } from '../../api/offers'
import { useFormat } from '../../formatting'

/** When an offer holds, in words. */
export function useWhenWords() {
  const { t } = useI18n()
  const format = useFormat()

  function nthSaid({ nth, weekday }: { nth: number; weekday: number }): string {
    return t('when.nth_weekday', { nth: t(`nth.${nth < 0 ? 'last' : nth}`), weekday: t(`weekday.${weekday}`) })
  }

  function whenSaid(when: When): string {
    const parts: string[] = []
    if (when.from) parts.push(t('when.from', { at: format.value.instant(when.from) }))
    if (when.until) parts.push(t('when.until', { at: format.value.deadline(when.until) }))
    if (when.weekdays.length) {
      parts.push(when.weekdays.map((day) => t(`weekday.${day}`)).join(t('when.or')))
    }
    if (when.days_of_month.length) {
      parts.push(t('when.days_of_month', { days: when.days_of_month.join(t('when.or')) }))
    }
    if (when.nth_weekdays.length) parts.push(when.nth_weekdays.map(nthSaid).join(t('when.or')))
    if (when.festivals.length) {
      parts.push(when.festivals.map(({ festival }) => t(`festival.${festival}`)).join(t('when.or')))
    }
    if (when.hours) parts.push(`${when.hours[0]}–${when.hours[1]}`)
    return parts.length ? parts.join(' · ') : t('when.always')
  }

  return { whenSaid, nthSaid }
}
