/** A till as the console shows it. */
export interface TillRow {
  id: string
  name: string
  store: string
  status: 'enrolled' | 'registered' | 'revoked'
  created_at: string
  created_by: string
  code_until: string | null
  registered_at: string | null
  revoked_at: string | null
  takes_unsent: boolean
  last_number: number
  seen_number: number
  waits_for: number | null
  taken: number
  refused: number
  last_seen_at: string | null
}

export interface TillChanged extends TillRow {
  /** Shown once, when it is enrolled. */
  code?: string | null
}

/** An envelope that was refused, or whose number was given up. */
export interface RefusedEnvelope {
  number: number
  kind: string
  external_id: string
  made_at: string | null
  settled_at: string
  fate: 'refused' | 'given_up'
  code: string
}
