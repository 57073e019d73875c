export type TierTone = 'basic' | 'silver' | 'gold' | 'diamond'

const TONES: TierTone[] = ['basic', 'silver', 'gold', 'diamond']

/**
 * The colour a tier wears: by its code where it is one of the usual four, else by how high
 * `rank` (from 0) stands among `ranks` tiers.
 */
export function tierTone(code: string, rank = 0, ranks = 1): TierTone {
  const usual = TONES.find((tone) => tone === code)
  if (usual) return usual
  if (ranks <= 1) return 'basic'
  return TONES[Math.round((Math.max(0, rank) / (ranks - 1)) * 3)] ?? 'diamond'
}
