import { makeOfferWords, type OfferTerms } from '@shared/offer-words'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useFormat } from './formatting'
import { useGoodsNames } from './goods'

/** What an offer gives, in the chosen language; a gift by its name, where the catalogue knows it. */
export function useOfferWords() {
  const { t } = useI18n()
  const format = useFormat()
  const gifts = ref<string[]>([])
  const nameOf = useGoodsNames(() => gifts.value)
  const translate = (key: string, named: Record<string, unknown>, plural?: number) =>
    plural === undefined ? t(key, named) : t(key, named, plural)

  function named(sku: string): string {
    // Asked for once what is drawn now is drawn.
    if (!gifts.value.includes(sku)) {
      queueMicrotask(() => {
        if (!gifts.value.includes(sku)) gifts.value = [...gifts.value, sku]
      })
    }
    return nameOf(sku)
  }

  return {
    said: (offer: OfferTerms) => makeOfferWords(translate, format.value, named).said(offer),
  }
}
