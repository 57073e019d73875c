import type { Consent } from './api/types'

/**
 * What members are always asked about, and what a purpose never answered means: messages are sent
 * to who said yes, and lists are personal until somebody says no.
 */
export const PURPOSES = [
  ['marketing', false],
  ['personalisation', true],
] as const

/** The latest word on every purpose: those always asked about first, then whatever else was. */
export function everyPurpose(given: Consent[]): Consent[] {
  const known = new Map(given.map((consent) => [consent.purpose, consent]))
  const asked: Consent[] = PURPOSES.map(
    ([purpose, granted]) =>
      known.get(purpose) ?? {
        purpose,
        granted,
        at: null,
        channel: null,
      },
  )
  const names = new Set<string>(PURPOSES.map(([purpose]) => purpose))
  return [...asked, ...given.filter((consent) => !names.has(consent.purpose))]
}
