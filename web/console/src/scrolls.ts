import type { Directive } from 'vue'

/** An element that scrolls takes the focus while there is something to scroll, so that keys reach it. */
const watched = new WeakMap<HTMLElement, ResizeObserver>()

export const vScrolls: Directive<HTMLElement> = {
  mounted(element) {
    const look = () => {
      const over =
        element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight
      if (over) element.tabIndex = 0
      else element.removeAttribute('tabindex')
    }
    const observer = new ResizeObserver(look)
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    watched.set(element, observer)
  },
  unmounted(element) {
    watched.get(element)?.disconnect()
  },
}
