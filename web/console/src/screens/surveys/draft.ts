import type { Localised, LadderRow } from '../../api/programme'
import {
  MOST_BENEFITS,
  MOST_QUESTIONS,
  MOST_SHOWN,
  type SurveyBenefit,
  type SurveyBody,
} from '../../api/surveys'

const LOCALES = ['en', 'zh-hans', 'zh-hant'] as const

export function newBenefit(): SurveyBenefit {
  return { code: '', name: { en: '', 'zh-hans': '', 'zh-hant': '' }, cost_minor: null, use: null, offer: null }
}

export function newSurvey(): SurveyBody {
  return {
    name: '',
    kind: 'choice',
    segment: null,
    benefits: [newBenefit(), newBenefit(), newBenefit()],
    shown: 3,
    questions: 3,
    worst: false,
  }
}

/** A code from a name; a number where that leaves nothing or was taken. */
export function codeOf(name: Localised, place: number, taken: Set<string>): string {
  const plain = (name.en ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 36)
  const code = plain || `benefit_${place + 1}`
  return taken.has(code) ? `${code}_${place + 1}` : code
}

/** The benefits that the tiers name, each once, as far as there is room beside what is written. */
export function fromLadder(ladder: LadderRow[], written: SurveyBenefit[]): SurveyBenefit[] {
  const found = written.filter((one) => LOCALES.some((locale) => one.name[locale]?.trim()))
  const codes = new Set(found.map((one) => one.code))
  for (const tier of ladder)
    for (const benefit of tier.benefits)
      if (!codes.has(benefit.code) && found.length < MOST_BENEFITS) {
        codes.add(benefit.code)
        found.push({ ...newBenefit(), code: benefit.code, name: { ...benefit.name } })
      }
  return found
}

/** What still stands in the way of saving, as a key of a sentence; null where nothing does. */
export function gapOf(draft: SurveyBody): string | null {
  if (!draft.name.trim()) return 'gap_name'
  if (draft.kind === 'reason') return null
  if (draft.benefits.length < Math.max(2, draft.shown)) return 'gap_benefits'
  if (draft.benefits.some((one) => LOCALES.some((locale) => !one.name[locale]?.trim())))
    return 'gap_names'
  if (draft.benefits.some((one) => one.use === 'offer' && !one.offer)) return 'gap_offer'
  return null
}

/** A draft as the API takes it: codes given where there are none, nothing that does not count. */
export function bodyOf(draft: SurveyBody): SurveyBody {
  if (draft.kind === 'reason')
    return { ...draft, benefits: [], shown: 0, questions: 0, worst: false }
  const taken = new Set(draft.benefits.map((one) => one.code).filter(Boolean))
  const benefits = draft.benefits.map((one, place) => {
    const code = one.code || codeOf(one.name, place, taken)
    taken.add(code)
    return { ...one, code, offer: one.use === 'offer' ? one.offer : null }
  })
  const shown = Math.min(draft.shown, MOST_SHOWN, benefits.length)
  return {
    ...draft,
    benefits,
    shown,
    questions: Math.min(draft.questions, MOST_QUESTIONS),
    worst: draft.worst && shown > 2,
  }
}
