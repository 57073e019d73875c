import { onBeforeUnmount, onMounted } from 'vue'

/** Function keys of a screen; a key pressed with another one stays the browser's. */
export function useKeys(keys: Record<string, () => void>, enabled: () => boolean): void {
  function press(event: KeyboardEvent): void {
    const act = keys[event.key]
    if (!act || event.ctrlKey || event.metaKey || event.altKey || !enabled()) return
    event.preventDefault()
    act()
  }
  onMounted(() => window.addEventListener('keydown', press))
  onBeforeUnmount(() => window.removeEventListener('keydown', press))
}
