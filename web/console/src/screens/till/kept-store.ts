import { ref, watch } from 'vue'

const KEY = 'regulars.till.store'

function kept(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

/** The store this till stands in, remembered by the browser. */
export function useKeptStore() {
  const store = ref(kept())
  watch(store, (code) => {
    try {
      localStorage.setItem(KEY, code)
    } catch {
      // Without storage the store is chosen anew next time.
    }
  })
  return store
}
