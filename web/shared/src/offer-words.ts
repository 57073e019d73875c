import type { Formatter } from './format/formatter'

/** What an offer gives, as it is written; a figure that is not typed yet is null. */
export interface OfferTerms {
  kind: string
  params: Record<string, unknown>
}

interface Step {
  spend: number
  save?: number
  bps?: number
}

type Translate = (key: string, named: Record<string, unknown>, plural?: number) => string

/** Offers in words: the whole rule in one sentence, and its face as it stands on a coupon. */
export function makeOfferWords(
  t: Translate,
  format: Formatter,
  named: (sku: string) => string = (sku) => sku,
) {
  const money = (minor: unknown) => (typeof minor === 'number' ? format.money(minor) : '–')
  const count = (value: unknown) => (typeof value === 'number' ? format.count(value) : '–')
  const factor = (bps: unknown) => (typeof bps === 'number' ? format.factor(bps) : '–')
  const steps = ({ params }: OfferTerms) => (params.steps as Step[] | undefined) ?? []
  const prices = ({ params }: OfferTerms) =>
    Object.values((params.prices ?? {}) as Record<string, number | null>)

  /** 12 percent off is 8.8 折 in Chinese. */
  function off(bps: unknown): string {
    if (typeof bps !== 'number') return '–'
    if (bps === 10_000) return t('rule.free', {})
    const share =
      format.locale === 'en'
        ? format.percent(bps, bps % 100 ? 2 : 0)
        : format.decimal((10_000 - bps) / 1000, 2)
    return t('rule.off', { share })
  }

  function said(offer: OfferTerms): string {
    const { params } = offer
    switch (offer.kind) {
      case 'member_price': {
        const known = prices(offer)
        return known.length === 1
          ? t('rule.member_price_one', { price: money(known[0]) })
          : t('rule.member_price', { count: count(known.length) }, known.length)
      }
      case 'percent_off':
        return off(params.bps)
      case 'amount_off':
        return t('rule.amount_off', { each: money(params.each) })
      case 'unit_price':
        return t('rule.unit_price', { price: money(params.price) })
      case 'buy_get': {
        const figures = { buy: count(params.buy), get: count(params.get) }
        return t('rule.buy_get', { ...figures, off: off(params.off_bps ?? 10_000) })
      }
      case 'spend_save':
        return steps(offer)
          .map((step) => {
            const figures = { spend: money(step.spend), save: money(step.save) }
            return params.every ? t('rule.every', figures) : t('rule.spend_save', figures)
          })
          .join(t('rule.and', {}))
      case 'spend_percent':
        return steps(offer)
          .map((step) => t('rule.spend_percent', { spend: money(step.spend), off: off(step.bps) }))
          .join(t('rule.and', {}))
      case 'free_shipping':
        return params.spend
          ? t('rule.free_shipping', { spend: money(params.spend) })
          : t('rule.ships_free', {})
      case 'points_multiplier':
        return t('rule.points_multiplier', { factor: factor(params.bps) })
      case 'gift':
        return t('rule.gift', {
          spend: money(params.spend),
          quantity: count(params.quantity),
          sku: params.sku ? named(String(params.sku)) : '–',
        })
      default:
        return ''
    }
  }

  /** The figure people look for on a coupon: the most it takes off, or what it gives. */
  function face(offer: OfferTerms): string {
    const { params } = offer
    const last = steps(offer)[steps(offer).length - 1]
    switch (offer.kind) {
      case 'spend_save':
        return money(last?.save)
      case 'spend_percent':
        return off(last?.bps)
      case 'percent_off':
        return off(params.bps)
      case 'amount_off':
        return money(params.each)
      case 'unit_price':
        return money(params.price)
      case 'member_price':
        return money(Math.min(...prices(offer).map((price) => price ?? 0)))
      case 'buy_get':
        return `${count(params.buy)}+${count(params.get)}`
      case 'points_multiplier':
        return `× ${factor(params.bps)}`
      case 'free_shipping':
        return t('rule.ships_free', {})
      default:
        return t('rule.gift_face', {})
    }
  }

  return { said, off, face }
}
