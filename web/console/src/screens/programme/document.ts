import type {
  Benefit,
  Earning,
  LadderRow,
  Localised,
  ProgrammeDocument,
  Rate,
  Redemption,
} from '../../api/programme'

/** A stored document may leave out what has its default; the form shows everything. */
type Partially<T> = {
  [Key in keyof T]?: T[Key] extends object | null ? unknown : T[Key]
}

const LANGUAGES = ['en', 'zh-hans', 'zh-hant'] as const
const REDEMPTION: Redemption = { units: 1, minor: 1, grace_days: 30 }

export function emptyNames(): Localised {
  return { en: '', 'zh-hans': '', 'zh-hant': '' }
}

export function emptyBenefit(number: number): Benefit {
  return { code: `benefit_${number}`, name: emptyNames(), text: emptyNames() }
}

export function emptyRate(name: string): Rate {
  return {
    name,
    bps: 20_000,
    categories: [],
    skus: [],
    types: [],
    stores: [],
    channels: [],
    weekdays: [],
    days_of_month: [],
    from_day: null,
    until_day: null,
  }
}

function fullEarning(part: Partially<Earning> | undefined): Earning {
  const found = (part ?? {}) as Partial<Earning>
  return {
    per_minor: found.per_minor ?? 100,
    amount: found.amount ?? 1,
    pending_days: found.pending_days ?? 0,
    expiry: { kind: 'never', count: 0, end_of: 'day', ...found.expiry },
    tier_bps: { ...found.tier_bps },
    rates: (found.rates ?? []).map((rate) => ({
      ...emptyRate(rate.name),
      ...rate,
    })),
    per_order_max: found.per_order_max ?? null,
    per_day_max: found.per_day_max ?? null,
  }
}

/** Whether making two orders of one earns more: a cap per order without one per day that holds it. */
export function capCanBeSplit(earning: Pick<Earning, 'per_order_max' | 'per_day_max'>): boolean {
  const { per_order_max: order, per_day_max: day } = earning
  return order !== null && (day === null || day > order)
}

function fullRow(row: LadderRow): LadderRow {
  return {
    code: row.code,
    name: { ...emptyNames(), ...row.name },
    from: row.from,
    keep_from: row.keep_from ?? null,
    benefits: (row.benefits ?? []).map((benefit) => ({
      code: benefit.code,
      name: { ...emptyNames(), ...benefit.name },
      text: { ...emptyNames(), ...(benefit.text ?? {}) },
    })),
  }
}

/** A copy with every field there is: what is left out here would be gone once it is published. */
export function fullDocument(document: ProgrammeDocument): ProgrammeDocument {
  const { tiers, earning, redeeming, leaving, notices, name } = document
  return {
    name,
    tiers: {
      counter: tiers.counter,
      window: { span: tiers.window.span, count: tiers.window.count ?? 1 },
      keep: {
        ...{ mode: 'follow', months: 12, end_of: 'day', grace_days: 0 },
        ...{ step: 'one', warn_days: 30, hold_on_refund: true },
        ...tiers.keep,
      } as ProgrammeDocument['tiers']['keep'],
      crossing: tiers.crossing ?? 'before',
      ladder: tiers.ladder.map(fullRow),
    },
    earning: {
      points: fullEarning(earning.points),
      growth_value: fullEarning(earning.growth_value),
    },
    redeeming: {
      points: { ...REDEMPTION, ...redeeming?.points },
      growth_value: { ...REDEMPTION, ...redeeming?.growth_value },
    },
    leaving: { points: leaving?.points ?? 'freeze' },
    notices: { expiring_days: notices?.expiring_days ?? 30 },
  }
}

function filled(names: Localised): Localised | null {
  return LANGUAGES.some((language) => names[language]?.trim()) ? names : null
}

/** What is sent: a text that no language has is no text, and factors name only known tiers. */
export function sentDocument(document: ProgrammeDocument): ProgrammeDocument {
  const copy = JSON.parse(JSON.stringify(document)) as ProgrammeDocument
  const codes = new Set(copy.tiers.ladder.map((row) => row.code))
  for (const row of copy.tiers.ladder) {
    for (const benefit of row.benefits) benefit.text = filled(benefit.text) as Localised
  }
  for (const part of [copy.earning.points, copy.earning.growth_value]) {
    part.tier_bps = Object.fromEntries(
      Object.entries(part.tier_bps).filter(([code]) => codes.has(code)),
    )
  }
  return copy
}

/** A code that no rung has yet. */
export function freeCode(ladder: LadderRow[]): string {
  const taken = new Set(ladder.map((row) => row.code))
  let number = ladder.length + 1
  while (taken.has(`tier_${number}`)) number += 1
  return `tier_${number}`
}

export type Flaw = 'first_from' | 'not_rising' | 'code' | 'name' | 'keep_from' | 'benefit_name'

/** What the server would refuse of the ladder, told beside the field before it is sent. */
export function ladderFlaws(ladder: LadderRow[]): { row: number; flaw: Flaw }[] {
  const flaws: { row: number; flaw: Flaw }[] = []
  ladder.forEach((row, index) => {
    const before = ladder[index - 1]
    if (index === 0 && row.from !== 0) flaws.push({ row: index, flaw: 'first_from' })
    if (before && row.from <= before.from) flaws.push({ row: index, flaw: 'not_rising' })
    const twice = ladder.some((other, at) => at !== index && other.code === row.code)
    if (twice || !/^[a-z0-9_-]{1,40}$/.test(row.code)) flaws.push({ row: index, flaw: 'code' })
    if (LANGUAGES.some((one) => !row.name[one]?.trim())) flaws.push({ row: index, flaw: 'name' })
    if ((row.keep_from ?? 0) > row.from) flaws.push({ row: index, flaw: 'keep_from' })
    const nameless = row.benefits.some((one) => LANGUAGES.some((tag) => !one.name[tag]?.trim()))
    if (nameless) flaws.push({ row: index, flaw: 'benefit_name' })
  })
  return flaws
}
