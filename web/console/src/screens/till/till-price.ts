import { computed, type Ref } from 'vue'
import { type Trial, useLivePrice } from '../../pricing'

/** What joining now would bring: less to pay, points, or both. */
export interface Gain {
  save: number
  points: number
}

/** The price of the basket as it stands, and where nobody is named, what it would be after joining. */
export function useTillPrice(cart: Ref<Trial | null>) {
  const live = useLivePrice(cart)
  const joined = useLivePrice(() =>
    cart.value && !cart.value.member_id ? { ...cart.value, as_new_member: true } : null,
  )
  const gain = computed<Gain | null>(() => {
    const [now, then] = [live.evaluation.value, joined.evaluation.value]
    if (!now || !then) return null
    const save = now.due - then.due
    return save > 0 || then.points_to_earn > 0 ? { save, points: then.points_to_earn } : null
  })
  return { ...live, gain }
}
