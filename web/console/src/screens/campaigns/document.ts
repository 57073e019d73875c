import type { FieldProblem, Problem } from '@shared/api/problem'
import type { Kind, Offer, OfferDocument, ParamSchema, Stage } from '../../api/offers'

/** Where a kind runs unless the offer says otherwise. */
export const STAGE_OF: Record<Kind, Stage> = {
  member_price: 'price',
  percent_off: 'item',
  amount_off: 'item',
  unit_price: 'item',
  buy_get: 'item',
  spend_save: 'order',
  spend_percent: 'order',
  free_shipping: 'shipping',
  points_multiplier: 'earn',
  gift: 'gift',
}
/** Offers on goods may be moved among these; the others keep their place. */
export const GOODS_STAGES: Stage[] = ['price', 'item', 'order', 'coupon']

export function isOnGoods(kind: Kind): boolean {
  return GOODS_STAGES.includes(STAGE_OF[kind])
}

/** The stage an offer runs in, named or not. */
export function stageOf(offer: Pick<OfferDocument, 'kind' | 'stage' | 'requires_code'>): Stage {
  if (offer.stage) return offer.stage
  return offer.requires_code && isOnGoods(offer.kind) ? 'coupon' : STAGE_OF[offer.kind]
}

/** Whether a limit per order means anything: sets, and multiples of one step. */
export function countsInOrder(offer: Pick<OfferDocument, 'kind' | 'params'>): boolean {
  if (offer.kind === 'buy_get') return true
  return offer.kind === 'spend_save' && offer.params.every === true
}

export function emptyOffer(code: string): OfferDocument {
  return {
    code,
    name: '',
    kind: 'spend_save',
    params: {},
    scope: { skus: [], categories: [], tags: [], exclude_skus: [] },
    when: {
      from: null,
      until: null,
      weekdays: [],
      days_of_month: [],
      nth_weekdays: [],
      hours: null,
      except_days: [],
      early: [],
      festivals: [],
    },
    who: {
      tiers: [],
      segments: [],
      channels: [],
      stores: [],
      members_only: false,
      rule: null,
      cel: null,
    },
    stage: null,
    priority: 100,
    group: null,
    exclusive: false,
    requires_code: false,
    limit: { per_order: null, per_member: null, total: null, member_period: 'ever' },
    budget: null,
    budget_terms: { stop: 'hard', per: 'all', funder: null, funders: [] },
    on_return: 'keep',
    held_out_bps: null,
    personal: null,
    status: 'draft',
  }
}

/** A copy that the form may change: the document's own fields, whatever else the answer told. */
export function editable(offer: Offer): OfferDocument {
  const copy = JSON.parse(JSON.stringify(offer)) as Record<string, unknown>
  const known = emptyOffer('') as unknown as Record<string, unknown>
  const document = Object.fromEntries(
    Object.keys(known).map((key) => [key, copy[key] ?? known[key]]),
  ) as unknown as OfferDocument
  // A stage that is the kind's own is not a choice: it follows the kind when that changes.
  const own = { ...document, stage: null }
  if (document.stage === stageOf(own)) document.stage = null
  return document
}

/** What is sent: an empty name is the code, and a limit that means nothing is left out. */
export function sent(offer: OfferDocument): OfferDocument {
  const copy = JSON.parse(JSON.stringify(offer)) as OfferDocument
  copy.name = copy.name?.trim() || null
  copy.group = copy.group?.trim() || null
  copy.budget_terms.funder = copy.budget_terms.funder?.trim() || null
  for (const share of copy.budget_terms.funders) share.funder = share.funder.trim()
  if (copy.kind !== 'percent_off') copy.personal = null
  if (!countsInOrder(copy)) copy.limit.per_order = null
  if (copy.stage && !isOnGoods(copy.kind)) copy.stage = null
  return copy
}

/**
 * The offer as an example prices it: published, given to everybody it is for, and where it needs a
 * coupon as if one were given, in the place where it will run.
 */
export function forExample(offer: OfferDocument): OfferDocument {
  const copy = sent(offer)
  const stage = stageOf(copy)
  return { ...copy, status: 'active', stage, requires_code: false, held_out_bps: null }
}

/** The share held out where nobody said otherwise, in basis points. */
export const USUAL_SHARE = 2_000

/** Whether only members can meet it: then a share of them may be held out of it. */
export function isForMembers(offer: Pick<OfferDocument, 'who'>): boolean {
  const { members_only, tiers, segments, rule, cel } = offer.who
  return members_only || tiers.length > 0 || segments.length > 0 || rule !== null || cel !== null
}

/** A campaign for the members of a segment: measured, and complete enough to be saved at once. */
export function forSegment(code: string, segment: string): OfferDocument {
  const made = emptyOffer(code)
  made.kind = 'percent_off'
  made.params = { bps: 1_000 }
  made.who.members_only = true
  made.who.segments = [segment]
  made.held_out_bps = USUAL_SHARE
  return made
}

/** A code of lower-case letters and digits that nobody has yet. */
export function freeCode(stem: string, taken: Set<string>): string {
  if (!taken.has(stem)) return stem
  let number = 2
  while (taken.has(`${stem}-${number}`)) number += 1
  return `${stem}-${number}`
}

/** What a field of the schema stands at before anything is typed; null waits for an answer. */
export function emptyValue(schema: ParamSchema, all: ParamSchema): unknown {
  const shape = resolved(schema, all)
  if (shape.default !== undefined) return shape.default
  if (shape.type === 'array') return [emptyValue(shape.items ?? {}, all)]
  if (shape.type === 'object' && shape.properties) return emptyParams(shape, all)
  if (shape.type === 'object') return {}
  if (shape.type === 'boolean') return false
  if (shape.type === 'string') return ''
  return null
}

export function emptyParams(schema: ParamSchema, all: ParamSchema = schema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, one]) => [name, emptyValue(one, all)]),
  )
}

export function resolved(schema: ParamSchema, all: ParamSchema): ParamSchema {
  if (!schema.$ref) return schema
  const name = schema.$ref.split('/').pop() ?? ''
  return { ...(all.$defs?.[name] ?? {}), ...(schema.title ? { title: schema.title } : {}) }
}

/** The step of the form on which a field of the document stands. */
export function stepOf(pointer: string): number {
  const field = pointer.split('/')[1] ?? ''
  if (['who', 'when', 'held_out_bps'].includes(field)) return 1
  if (['limit', 'budget', 'budget_terms', 'group', 'exclusive', 'priority', 'stage',
    'on_return', 'requires_code'].includes(field)) return 2
  return 0
}

/** What the server said of a field, or (with `below`) of what lies below it. */
export function faultAt(
  problem: Problem | null,
  pointer: string,
  below = true,
  say: (error: FieldProblem) => string = (error) => error.detail ?? error.code,
): string {
  const found = problem?.errors.find(
    (error) =>
      error.pointer === pointer || (below && error.pointer.startsWith(`${pointer}/`)),
  )
  return found ? say(found) : ''
}

/** What a draft still lacks before it can be priced or saved, as a pointer. */
export function firstGap(offer: OfferDocument, schema: ParamSchema | undefined): string | null {
  if (!offer.code.trim()) return '/code'
  if (!schema) return '/kind'
  return gapIn(offer.params, schema, schema, '/params')
}

function gapIn(value: unknown, schema: ParamSchema, all: ParamSchema, where: string): string | null {
  const shape = resolved(schema, all)
  if (shape.type === 'array') {
    const items = (value ?? []) as unknown[]
    if (items.length === 0) return Array.isArray(shape.default) ? null : where
    for (const [index, item] of items.entries()) {
      const gap = gapIn(item, shape.items ?? {}, all, `${where}/${index}`)
      if (gap) return gap
    }
    return null
  }
  if (shape.type === 'object') {
    const fields = (value ?? {}) as Record<string, unknown>
    if (!shape.properties) {
      return Object.keys(fields).length === 0 || Object.values(fields).includes(null) ? where : null
    }
    for (const [name, one] of Object.entries(shape.properties)) {
      const gap = gapIn(fields[name], one, all, `${where}/${name}`)
      if (gap) return gap
    }
    return null
  }
  return value === null || value === undefined || value === '' ? where : null
}
