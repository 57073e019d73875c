import { Problem } from '@shared/api/problem'
import { makeRenewal } from '@shared/renewal'
import { shallowRef } from 'vue'
import type { Router } from 'vue-router'

/** A screen that was asked for and could not be fetched; the one before it still stands. */
export const missed = shallowRef<{ to: string; problem: Problem } | null>(null)

/** Watches for screens, and parts of them, whose program cannot be fetched. */
export function watchScreens(router: Router): void {
  const missing = makeRenewal()
  // The same failure is told twice, here and by the router, and is one to the renewal.
  window.addEventListener('vite:preloadError', () => void missing())
  router.onError(async (reason, to) => {
    if (await missing(router.resolve(to.fullPath).href)) return
    const problem = reason instanceof Problem ? reason : new Problem(0, 'network', '')
    missed.value = { to: to.fullPath, problem }
  })
  router.afterEach((_to, _from, failure) => {
    if (!failure) missed.value = null
  })
}
