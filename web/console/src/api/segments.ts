/** Segments as the console API tells them. */
import type { RuleTree } from '../rule-tree'
import type { Identity } from './types'

export type Operator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'in'
  | 'not_in'
  | 'includes'
  | 'excludes'
  | 'before'
  | 'on_or_after'
  | 'more_than_days_ago'
  | 'within_days'
  | 'within_next_days'
  | 'due'
  | 'known'
/** Which usual items are asked for: one or any, from a chance in percent on, expected in days. */
export interface DueAsked {
  item?: string
  chance?: number
  days?: number
}
export type FactValue = number | string | boolean | string[] | DueAsked | null
export interface Comparison {
  fact: string
  op: Operator
  value: FactValue
}
export type Rule = RuleTree<Comparison>

export interface Fact {
  name: string
  kind: 'number' | 'money' | 'day' | 'text' | 'set' | 'chance' | 'worth' | 'coming_day' | 'due'
  part: string
  operators: Operator[]
}

export interface SegmentFacts {
  facts: Fact[]
  tags: string[]
  lists: string[]
  scores_as_of: string | null
  /** When the facts of a part were worked out, and the last day that was known. */
  forecasts: { part: string; as_of: string; made_at: string }[]
}

export interface Segment {
  code: string
  name: string
  kind: 'rule' | 'list'
  exclusion: boolean
  rule: Rule | null
  status: 'live' | 'frozen'
  members: number
  as_of: string
  building: { done: number; total: number } | null
  created_at: string
  created_by: string
  changed_at: string
}

export interface Segments {
  data: Segment[]
  /** Records read so far, while everybody is read anew. */
  reading: number | null
}

export interface Sample {
  id: string
  number: string
  identities: Identity[]
}

export interface SegmentMember extends Sample {
  since: string
}

export interface SegmentPreview {
  as_of: string
  members: number
  of: number
  samples: Sample[]
  segments: { code: string; name: string; both: number; members: number }[]
  consents: { purpose: string; granted: number; refused: number }[]
  reading: number | null
}

export interface MemberKnown {
  segments: string[]
  tags: { tag: string; why: string; by: string; at: string }[]
}
