import { onScopeDispose, ref, shallowRef } from 'vue'
import { api } from '../../api/client'
import type { Quote } from '../../api/offers'
import { useAction } from '../../loading'
import type { Trial } from '../../pricing'

const LIFE_SECONDS = 900
const TICK_MS = 500

/** A price that is promised while it is paid, and how long it still holds. */
export function useHeldPrice(action: ReturnType<typeof useAction>) {
  const quote = shallowRef<Quote | null>(null)
  const left = ref(0)
  const expired = ref(false)
  let ends = 0
  let clock: ReturnType<typeof setInterval> | undefined

  function tick(): void {
    left.value = ends - performance.now()
    if (left.value > 0 || !quote.value) return
    drop()
    expired.value = true
  }

  function stop(): void {
    clearInterval(clock)
  }

  /** Forgets the quote: it ended, was used or was given up. */
  function drop(): void {
    quote.value = null
    stop()
  }

  async function hold(asked: Trial): Promise<boolean> {
    const done = await action.run(async () => {
      quote.value = await api.write<Quote>('POST', '/quotes', {
        ...asked,
        expires_in: LIFE_SECONDS,
      })
    })
    if (!done) return false
    expired.value = false
    ends = performance.now() + LIFE_SECONDS * 1000
    tick()
    stop()
    clock = setInterval(tick, TICK_MS)
    return true
  }

  async function release(): Promise<void> {
    const held = quote.value
    if (!held || action.busy.value) return
    const done = await action.run(async () => {
      await api.write('POST', `/quotes/${held.id}/release`)
    })
    // A quote that ended by itself is free already.
    if (done || action.problem.value?.status === 409) drop()
  }

  onScopeDispose(stop)
  return { quote, left, expired, hold, release, drop, stop }
}
