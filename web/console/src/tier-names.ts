import { computed, shallowRef, watch } from 'vue'
import { api } from './api/client'
import type { Tiers } from './api/programme'
import { language } from './i18n'

const tiers = shallowRef<Tiers | null>(null)
/** The language that the ladder was asked for in; null where it is to be asked for. */
let asked: string | null = null

async function ask(): Promise<void> {
  const locale = language.current()
  if (asked === locale) return
  asked = locale
  try {
    const found = await api.get<Tiers>('/tiers')
    if (asked === locale) tiers.value = found
  } catch {
    // Without the ladder a tier is shown by its code; the next screen asks again.
    if (asked === locale) asked = null
  }
}

/** The ladder in force, asked for once in each language; empty until it is known. */
export function useLadder() {
  watch(language.current, ask, { immediate: true })
  return computed(() => tiers.value?.ladder ?? [])
}

/** After a programme was published the ladder is asked for again. */
export function forgetLadder(): void {
  asked = null
}

/** A tier's name by its code; the code itself until the ladder is known. */
export function useTierNames() {
  const ladder = useLadder()
  const names = computed(() => new Map(ladder.value.map((tier) => [tier.code, tier.name])))
  return (code: string) => names.value.get(code) ?? code
}
