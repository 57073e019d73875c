import { asProblem, type Problem } from '@shared/api/problem'
import type { Page } from '@shared/api/types'
import { onScopeDispose, ref, shallowRef, type WatchSource, watch } from 'vue'

/** A list that grows page by page and starts again when `source` changes. */
export function usePages<Asked, Row, Answer extends Page<Row> = Page<Row>>(
  source: WatchSource<Asked>,
  load: (asked: Asked, after: string | null, signal: AbortSignal) => Promise<Answer>,
) {
  const rows = shallowRef<Row[]>([])
  const last = shallowRef<Answer | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(true)
  let running: AbortController | null = null
  let latest: Asked

  async function run(after: string | null): Promise<void> {
    running?.abort()
    const controller = new AbortController()
    running = controller
    loading.value = true
    try {
      const page = await load(latest, after, controller.signal)
      if (controller.signal.aborted) return
      rows.value = after ? [...rows.value, ...page.data] : page.data
      last.value = page
      problem.value = null
    } catch (reason) {
      if (controller.signal.aborted) return
      problem.value = asProblem(reason)
    }
    loading.value = false
  }

  watch(
    source,
    (asked) => {
      latest = asked
      rows.value = []
      last.value = null
      void run(null)
    },
    { immediate: true },
  )
  onScopeDispose(() => running?.abort())
  return {
    rows,
    last,
    problem,
    loading,
    more: () => (last.value?.has_more && !loading.value ? run(last.value.next_cursor) : undefined),
    reload: () => run(null),
  }
}
