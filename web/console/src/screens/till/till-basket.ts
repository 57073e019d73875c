import { computed, ref, watch } from 'vue'
import type { Member } from '../../api/types'
import { type BasketLine, priceable } from '../../basket'
import type { Trial } from '../../pricing'
import type { TypedIdentity } from './offline-sale'
import { useKeptStore } from './kept-store'

const CHANNEL = 'store'

/** What is on the counter: who buys, what, where, and what is to pay a part of it. */
export function useTillBasket() {
  const member = ref<Member | null>(null)
  /** How the buyer is known where nobody can be looked up. */
  const identity = ref<TypedIdentity>({ type: 'phone', value: '' })
  const lines = ref<BasketLine[]>([])
  const codes = ref<string[]>([])
  const points = ref<number | 'max'>(0)
  const store = useKeptStore()
  const unpriced = computed(() => lines.value.some((line) => line.unit_price === null))

  watch(member, (found) => {
    if (!found) points.value = 0
  })

  /** The basket as the evaluator is asked; null where nothing in it has a price. */
  const asked = computed<Trial | null>(() => {
    const wanted = priceable(lines.value)
    if (wanted.length === 0) return null
    return {
      member_id: member.value?.id ?? null,
      channel: CHANNEL,
      store: store.value || null,
      lines: wanted,
      shipping_minor: 0,
      coupon_codes: codes.value,
      redeem: { points: member.value ? points.value : 0 },
    }
  })

  /** For the next buyer; the store stays. */
  function empty(): void {
    member.value = null
    identity.value = { type: identity.value.type, value: '' }
    lines.value = []
    codes.value = []
    points.value = 0
  }

  return { channel: CHANNEL, member, identity, lines, codes, points, store, unpriced, asked, empty }
}
