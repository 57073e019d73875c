import { computed, onBeforeUnmount, type Ref, ref, shallowRef } from 'vue'
import { api } from '../../api/client'
import type { Member } from '../../api/types'
import { useGoodsNames } from '../../goods'
import { useAction } from '../../loading'
import { useSession } from '../../session'
import { useHeldPrice } from './held-price'
import { pointsTaken, saleInstant, saleNumber } from './sale'
import type { Sale } from './TillReceipt.vue'
import type { useTillBasket } from './till-basket'
import { useTillPrice } from './till-price'

/** Refusals after which a quote is no more. */
const ENDED = new Set(['quote_expired', 'quote_used', 'quote_released'])

/** From the price of a basket to the order: shown, promised, paid. */
export function useTillSale(basket: ReturnType<typeof useTillBasket>, down: Ref<boolean>) {
  const { member, lines, codes, points, store, unpriced } = basket
  const sale = shallowRef<Sale | null>(null)
  const number = ref('')
  const action = useAction()
  const { quote, left, expired, hold: promise, release, drop, stop } = useHeldPrice(action)
  const live = useTillPrice(
    computed(() => (quote.value || down.value ? null : basket.asked.value)),
  )
  const shown = computed(() => quote.value ?? live.evaluation.value)
  const nameOfGift = useGoodsNames(() => shown.value?.gifts.map((gift) => gift.sku) ?? [])
  const goodsOf = (sku: string) =>
    lines.value.find((line) => line.sku === sku)?.name ?? nameOfGift(sku)
  /** Codes that were refused; a quote is asked without them and keeps silent about them. */
  const leftOut = ref<string[]>([])
  const refused = computed(() =>
    quote.value
      ? leftOut.value
      : (live.evaluation.value?.rejected.flatMap((one) =>
          one.code === 'coupon_invalid' && one.coupon ? [one.coupon] : [],
        ) ?? []),
  )

  /** Promise the price that is shown. What was asked of points is what they really pay. */
  async function hold(): Promise<void> {
    const asked = quote.value ? null : basket.asked.value
    if (!asked || unpriced.value) return
    const without = refused.value
    const most = points.value === 'max'
    const redeem = { points: most ? ('max' as const) : pointsTaken(live.evaluation.value) }
    const done = await promise({
      ...asked,
      redeem,
      coupon_codes: codes.value.filter((code) => !without.includes(code)),
    })
    if (!done) return
    leftOut.value = without
    const { merchant } = useSession()
    number.value = saleNumber(saleInstant(merchant), merchant.zone, crypto.randomUUID())
  }

  async function pay(): Promise<void> {
    const held = quote.value
    if (!held) return
    const at = saleInstant(useSession().merchant)
    const buyer = member.value
    const done = await action.run(async () => {
      const order = await api.write<Sale['order']>('POST', '/orders', {
        external_id: number.value,
        member_id: buyer?.id ?? null,
        channel: basket.channel,
        store: store.value || null,
        placed_at: at,
        paid_at: at,
        quote_id: held.id,
        paid: held.due,
      })
      sale.value = {
        order,
        quote: held,
        lines: lines.value.filter((line) => line.unit_price !== null),
        member: buyer ? (buyer.name ?? buyer.number) : null,
        balance: null,
      }
    })
    if (!done) {
      if (ENDED.has(action.problem.value?.code ?? '')) drop()
      return
    }
    stop()
    if (buyer) await tellBalance(buyer.id)
  }

  async function tellBalance(id: string): Promise<void> {
    try {
      const found = await api.get<Member>(`/members/${id}`)
      if (sale.value) sale.value = { ...sale.value, balance: found.balances.points }
    } catch {
      // The sale stands; the balance is on the member's page.
    }
  }

  /** The sale is over: the next one starts without it. */
  function forget(): void {
    sale.value = null
    number.value = ''
    drop()
    action.clear()
  }

  onBeforeUnmount(() => {
    // What nobody comes back for is free at once, and not after a quarter of an hour.
    if (quote.value && !sale.value) void release()
  })

  return {
    sale,
    number,
    quote,
    left,
    expired,
    shown,
    refused,
    goodsOf,
    waiting: live.waiting,
    gain: live.gain,
    problem: computed(() => action.problem.value ?? live.problem.value),
    busy: action.busy,
    hold,
    pay,
    release,
    forget,
  }
}
