import { shallowRef, watch } from 'vue'
import { api } from './api/client'
import type { Product } from './api/offers'

/**
 * Names of goods that no line names, a gift's above all. Each is asked of the catalogue once; until
 * it answers, and where it knows none, the sku stands for it.
 */
export function useGoodsNames(wanted: () => string[]) {
  const known = shallowRef(new Map<string, string>())
  const asked = new Set<string>()

  async function ask(sku: string): Promise<void> {
    try {
      const { data } = await api.get<{ data: Product[] }>('/products', { query: sku, limit: 8 })
      const name = data.find((one) => one.sku === sku)?.name
      if (name) known.value = new Map(known.value).set(sku, name)
    } catch {
      asked.delete(sku)
    }
  }

  watch(
    wanted,
    (skus) => {
      for (const sku of skus) {
        if (asked.has(sku)) continue
        asked.add(sku)
        void ask(sku)
      }
    },
    { immediate: true },
  )
  return (sku: string) => known.value.get(sku) ?? sku
}
