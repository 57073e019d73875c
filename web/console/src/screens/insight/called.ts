/** What a segment made of a list is called. */
import { useI18n } from 'vue-i18n'
import { useFormat } from '../../formatting'

export function useCalled() {
  const { t } = useI18n()
  const format = useFormat()

  /** The list, and from which chance in percent on, where it is narrowed. */
  return (list: string, chance = '0'): string => {
    if (chance === '0') return list
    const from = format.value.percent(Number(chance) * 100, 0)
    return `${list}, ${t('insight.from_chance', { chance: from })}`
  }
}
