import { onBeforeUnmount, onMounted, ref } from 'vue'

/** The pages; those of the bar below, and points, which the card leads to. */
export const BAR = ['card', 'benefits', 'coupons', 'me'] as const
export const TABS = [...BAR, 'points'] as const
export type Tab = (typeof TABS)[number]

/** The page that a hash such as "#/points" names; the card for any other. */
export function tabOf(hash: string): Tab {
  return TABS.find((tab) => hash === `#/${tab}`) ?? 'card'
}

/** The open page, kept in the address so that back and reload do what they should. */
export function useTab() {
  const tab = ref<Tab>(tabOf(location.hash))
  const follow = () => {
    tab.value = tabOf(location.hash)
    window.scrollTo(0, 0)
  }
  onMounted(() => window.addEventListener('hashchange', follow))
  onBeforeUnmount(() => window.removeEventListener('hashchange', follow))
  return {
    tab,
    open: (wanted: Tab) => {
      location.hash = `#/${wanted}`
    },
  }
}
