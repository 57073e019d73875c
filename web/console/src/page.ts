import { reactive, watchEffect } from 'vue'

/** What the bar above the screen says: set by the screen that is open. */
export const page = reactive({ title: '', aside: '' })

/** Titles the open screen; follows what `title` and `aside` read. */
export function usePage(title: () => string, aside: () => string = () => ''): void {
  watchEffect(() => {
    page.title = title()
    page.aside = aside()
    document.title = page.title ? `${page.title} · Regulars` : 'Regulars'
  })
}
