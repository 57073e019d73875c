import { computed, type WritableComputedRef } from 'vue'
import { type LocationQuery, type LocationQueryRaw, useRoute, useRouter } from 'vue-router'

export type UrlState = Record<string, string>

/** The state a query string stands for; what it does not name has its default. */
export function readState<State extends UrlState>(query: LocationQuery, defaults: State): State {
  const state: UrlState = {}
  for (const [name, otherwise] of Object.entries(defaults)) {
    const value = query[name]
    state[name] = typeof value === 'string' ? value : otherwise
  }
  return state as State
}

/** The query string for a state: defaults are left out, and other names stay as they are. */
export function writeState<State extends UrlState>(
  query: LocationQuery,
  state: State,
  defaults: State,
): LocationQueryRaw {
  const written: LocationQueryRaw = { ...query }
  for (const [name, value] of Object.entries(state)) {
    if (value === defaults[name]) delete written[name]
    else written[name] = value
  }
  return written
}

/** A screen's filters and open drawer, kept in the address so that it can be sent and reloaded. */
export function useUrlState<State extends UrlState>(defaults: State) {
  const route = useRoute()
  const router = useRouter()
  const state = computed(() => readState(route.query, defaults))

  function change(part: Partial<State>): void {
    const query = writeState(route.query, { ...state.value, ...part } as State, defaults)
    void router.replace({ query })
  }

  function field<Name extends keyof State & string>(name: Name): WritableComputedRef<string> {
    return computed({
      get: () => state.value[name],
      set: (value) => change({ [name]: value ?? '' } as Partial<State>),
    }) as WritableComputedRef<string>
  }

  return { state, change, field }
}
