import { asProblem, type Problem } from '@shared/api/problem'
import { onScopeDispose, ref, shallowRef, type WatchSource, watch } from 'vue'
import { api } from './api/client'
import type { Cart, Evaluation, OfferDocument } from './api/offers'

const PAUSE_MS = 180

/** A cart to be priced, with drafts of offers in place of what has their code. */
export type Trial = Cart & { offers?: OfferDocument[] }

/**
 * The price of a cart that is being changed: asked for when it rests, and the last question is the
 * one that is answered. A null cart has no price.
 */
export function useLivePrice(source: WatchSource<Trial | null>) {
  const evaluation = shallowRef<Evaluation | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const waiting = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let latest = 0

  async function ask(cart: Trial, turn: number): Promise<void> {
    try {
      const answer = await api.write<Evaluation>('POST', '/evaluations', cart)
      if (turn !== latest) return
      evaluation.value = answer
      problem.value = null
    } catch (reason) {
      if (turn !== latest) return
      problem.value = asProblem(reason)
    }
    waiting.value = false
  }

  watch(
    source,
    (cart) => {
      clearTimeout(timer)
      latest += 1
      const turn = latest
      waiting.value = cart !== null
      if (cart === null) {
        evaluation.value = null
        problem.value = null
        return
      }
      timer = setTimeout(() => void ask(cart, turn), PAUSE_MS)
    },
    { immediate: true, deep: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    latest += 1
  })
  return { evaluation, problem, waiting }
}
