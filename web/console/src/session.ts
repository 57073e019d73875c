import { asProblem } from '@shared/api/problem'
import { shallowReactive } from 'vue'
import { api } from './api/client'
import type { Session } from './api/types'

interface State {
  session: Session | null
  asked: boolean
}

const state = shallowReactive<State>({ session: null, asked: false })

export type Gate = 'sign-in' | 'second-factor' | null

/** Which door stands before the console, or null when it is open. */
export function gateFor(session: Session | null): Gate {
  if (!session) return 'sign-in'
  const { required, enrolled, verified } = session.totp
  if (required && !(enrolled && verified)) return 'second-factor'
  return null
}

/** Asks once who is signed in. Raises Problem unless the answer is "nobody". */
export async function askSession(): Promise<Session | null> {
  if (!state.asked) await refreshSession()
  return state.session
}

export async function refreshSession(): Promise<void> {
  try {
    state.session = await api.get<Session>('/session')
  } catch (reason) {
    const problem = asProblem(reason)
    if (problem.status !== 401) throw problem
    state.session = null
  }
  state.asked = true
}

export function keepSession(session: Session | null): void {
  state.session = session
  state.asked = true
}

export function currentSession(): Session | null {
  return state.session
}

/** The session of a screen that is only shown to someone signed in. */
export function useSession(): Session {
  if (!state.session) throw new Error('no session')
  return state.session
}

/** Whether the role may do `permission`; the server decides again. */
export function may(permission: string): boolean {
  return state.session?.permissions.includes(permission) ?? false
}
