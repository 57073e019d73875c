import { computed, shallowRef } from 'vue'
import { api } from './api/client'
import type { Tiers } from './api/programme'

const tiers = shallowRef<Tiers | null>(null)
let asked = false

async function ask(): Promise<void> {
  try {
    tiers.value = await api.get<Tiers>('/tiers')
  } catch {
    // Without the ladder a tier is shown by its code; the next screen asks again.
    asked = false
  }
}

/** The ladder in force, asked for once; empty until it is known. */
export function useLadder() {
  if (!asked) {
    asked = true
    void ask()
  }
  return computed(() => tiers.value?.ladder ?? [])
}

/** After a programme was published the ladder is asked for again. */
export function forgetLadder(): void {
  asked = false
}

/** A tier's name by its code; the code itself until the ladder is known. */
export function useTierNames() {
  const ladder = useLadder()
  const names = computed(() => new Map(ladder.value.map((tier) => [tier.code, tier.name])))
  return (code: string) => names.value.get(code) ?? code
}
