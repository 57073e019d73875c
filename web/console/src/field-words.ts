import type { FieldProblem } from '@shared/api/problem'
import { useI18n } from 'vue-i18n'

/** Faults for which the server only has its validator's words: ours are better in any language. */
const OURS = ['required', 'too_short']

/** What is wrong with a field. The server says it in English, with its bounds: there that is best. */
export function useFieldWords(): (error: FieldProblem) => string {
  const { t, te, locale } = useI18n()
  return (error) => {
    const key = `field.${error.code}`
    const theirs = locale.value === 'en' && error.detail && !OURS.includes(error.code)
    return !theirs && te(key) ? t(key) : (error.detail ?? error.code)
  }
}
