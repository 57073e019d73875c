import { useI18n } from 'vue-i18n'
import type { OfferDocument } from './api/offers'
import { useFormat } from './formatting'

interface Step {
  spend: number
  save?: number
  bps?: number
}

/** What an offer gives, in one sentence; a figure that is not typed yet is a dash. */
export function useOfferWords() {
  const { t, locale } = useI18n()
  const format = useFormat()
  const money = (minor: unknown) => (typeof minor === 'number' ? format.value.money(minor) : '–')
  const count = (value: unknown) => (typeof value === 'number' ? format.value.count(value) : '–')

  /** 12 percent off is 8.8 折 in Chinese. */
  function off(bps: unknown): string {
    if (typeof bps !== 'number') return '–'
    if (bps === 10_000) return t('rule.free')
    return locale.value === 'en'
      ? t('rule.off', { share: format.value.percent(bps, bps % 100 ? 2 : 0) })
      : t('rule.off', { share: format.value.decimal((10_000 - bps) / 1000, 2) })
  }

  function steps(offer: Pick<OfferDocument, 'params'>): Step[] {
    return (offer.params.steps as Step[] | undefined) ?? []
  }

  function said(offer: Pick<OfferDocument, 'kind' | 'params'>): string {
    const { params } = offer
    switch (offer.kind) {
      case 'member_price': {
        const prices = Object.values((params.prices ?? {}) as Record<string, number>)
        return prices.length === 1
          ? t('rule.member_price_one', { price: money(prices[0]) })
          : t('rule.member_price', { count: count(prices.length) }, prices.length)
      }
      case 'percent_off':
        return off(params.bps)
      case 'amount_off':
        return t('rule.amount_off', { each: money(params.each) })
      case 'unit_price':
        return t('rule.unit_price', { price: money(params.price) })
      case 'buy_get':
        return t('rule.buy_get', {
          buy: count(params.buy),
          get: count(params.get),
          off: off(params.off_bps ?? 10_000),
        })
      case 'spend_save':
        return steps(offer)
          .map((step) => {
            const figures = { spend: money(step.spend), save: money(step.save) }
            return params.every ? t('rule.every', figures) : t('rule.spend_save', figures)
          })
          .join(t('rule.and'))
      case 'spend_percent':
        return steps(offer)
          .map((step) => t('rule.spend_percent', { spend: money(step.spend), off: off(step.bps) }))
          .join(t('rule.and'))
      case 'free_shipping':
        return params.spend ? t('rule.free_shipping', { spend: money(params.spend) }) : t('rule.ships_free')
      case 'points_multiplier':
        return t('rule.points_multiplier', {
          factor: typeof params.bps === 'number' ? format.value.factor(params.bps) : '–',
        })
      case 'gift':
        return t('rule.gift', {
          spend: money(params.spend),
          quantity: count(params.quantity),
          sku: String(params.sku || '–'),
        })
    }
  }

  return { said, off }
}
