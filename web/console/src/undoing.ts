import { ref } from 'vue'
import { useAction } from './loading'

/** What was just put, told with a way back; `after` reads the screen anew once it was taken back. */
export function useUndoing(after: () => Promise<void>) {
  const action = useAction()
  const said = ref<string | null>(null)
  let back: (() => Promise<void>) | null = null

  function tell(text: string, undo: () => Promise<void>): void {
    back = undo
    said.value = text
  }

  async function undo(): Promise<void> {
    const wanted = back
    said.value = null
    back = null
    if (!wanted) return
    await action.run(wanted)
    await after()
  }

  return { said, problem: action.problem, tell, undo }
}
