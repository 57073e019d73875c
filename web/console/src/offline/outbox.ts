import type { Envelope, Kept } from './store'

export interface Verdict {
  index: number
  number: number | null
  status: 'taken' | 'refused' | 'waits' | 'rejected'
  repeated: boolean
  waits_for?: number
  code?: string
  detail?: string
}

export interface Sent {
  verdicts: Verdict[]
  last_number: number
}

/** How many travel at once. */
export const AT_ONCE = 50

/** Some of what waits to be sent for this till, lowest numbers first. */
export function nextBatch(kept: Kept[], till: string): Envelope[] {
  return kept
    .filter((one) => one.trouble === undefined && one.envelope.till === till)
    .map((one) => one.envelope)
    .sort((one, other) => one.number - other.number)
    .slice(0, AT_ONCE)
}

/** What to do with an envelope after its verdict: let go of it, keep it, or show it to a person. */
export function afterVerdict(
  envelope: Envelope,
  verdict: Verdict,
): { forget: true } | { keep: true } | { trouble: NonNullable<Kept['trouble']> } {
  if (verdict.status === 'taken') return { forget: true }
  // A verdict on something else than was sent says nothing about it.
  if (verdict.status === 'waits' || (verdict.number ?? envelope.number) !== envelope.number) {
    return { keep: true }
  }
  return {
    trouble: {
      status: verdict.status,
      code: verdict.code ?? verdict.status,
      detail: verdict.detail ?? '',
    },
  }
}

/** Whether what is in it may be signed anew under another number; the first one is in no books. */
export function mayGoAgain(kept: Kept, till: string | undefined): boolean {
  const code = kept.trouble?.code
  return till !== undefined && code !== undefined && AGAIN.has(code)
}

/** Whether it may be signed anew for another buyer: it was refused for who was named. */
export function mayChangeBuyer(kept: Kept, till: string | undefined): boolean {
  const code = kept.trouble?.code
  return till !== undefined && code !== undefined && WHO.has(code)
}

const WHO = new Set(['invalid', 'not_found'])
const AGAIN = new Set(['given_up', 'number_reused', 'till_revoked', 'bad_signature', 'other_till'])
