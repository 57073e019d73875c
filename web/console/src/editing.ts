import { reactive, ref } from 'vue'
import { useUndoing } from './undoing'

/**
 * Terms of something in a list, changed in a dialog: what was put is told, with the way back to
 * what stood before. `before` gives the terms of a key as they stand in the list, or those of
 * something new; `after` reads the list anew.
 */
export function useEditing<Terms extends object>(of: {
  before: (key: string) => Terms
  put: (key: string, terms: Terms) => Promise<void>
  said: (key: string) => string
  after: () => Promise<void>
}) {
  const copy = (key: string) => JSON.parse(JSON.stringify(of.before(key))) as Terms
  const open = ref(false)
  const key = ref('')
  const fresh = ref(false)
  const draft = reactive(copy(''))
  const undoing = useUndoing(of.after)

  /** Without a key something new, which is named in the dialog. */
  function edit(wanted = ''): void {
    key.value = wanted
    fresh.value = wanted === ''
    Object.assign(draft, copy(wanted))
    open.value = true
  }

  async function save(): Promise<void> {
    const put = key.value
    const old = copy(put)
    await of.put(put, draft as Terms)
    undoing.tell(of.said(put), () => of.put(put, old))
  }

  return { open, key, fresh, draft, edit, save, ...undoing }
}
