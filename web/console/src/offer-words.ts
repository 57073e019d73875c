import { makeOfferWords, type OfferTerms } from '@shared/offer-words'
import { useI18n } from 'vue-i18n'
import { useFormat } from './formatting'

/** What an offer gives, in the chosen language. */
export function useOfferWords() {
  const { t } = useI18n()
  const format = useFormat()
  const translate = (key: string, named: Record<string, unknown>, plural?: number) =>
    plural === undefined ? t(key, named) : t(key, named, plural)

  return { said: (offer: OfferTerms) => makeOfferWords(translate, format.value).said(offer) }
}
