import { asProblem, type Problem } from '@shared/api/problem'
import { onScopeDispose, ref, shallowRef, type WatchSource, watch } from 'vue'

/** Loads when `source` changes; the last question asked is the one that is answered. */
export function useLoad<Asked, Answer>(
  source: WatchSource<Asked>,
  load: (asked: Asked, signal: AbortSignal) => Promise<Answer>,
) {
  const data = shallowRef<Answer | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(true)
  let running: AbortController | null = null

  async function run(asked: Asked): Promise<void> {
    running?.abort()
    const controller = new AbortController()
    running = controller
    loading.value = true
    try {
      const answer = await load(asked, controller.signal)
      if (controller.signal.aborted) return
      data.value = answer
      problem.value = null
    } catch (reason) {
      if (controller.signal.aborted) return
      problem.value = asProblem(reason)
    }
    loading.value = false
  }

  let latest: Asked
  watch(
    source,
    (asked) => {
      latest = asked
      void run(asked)
    },
    { immediate: true },
  )
  onScopeDispose(() => running?.abort())
  return { data, problem, loading, reload: () => run(latest) }
}

/** A write behind a button: whether it runs, and what went wrong the last time. */
export function useAction() {
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)

  /** True when it went through; what was typed is the caller's to keep. */
  async function run(action: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    problem.value = null
    try {
      await action()
      return true
    } catch (reason) {
      problem.value = asProblem(reason)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, run, clear: () => (problem.value = null) }
}
