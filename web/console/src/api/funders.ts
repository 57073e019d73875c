/** Who pays for offers, as the API has it. Money is in minor units. */
import type { Taken } from './offers'

export interface FunderCap {
  cap: number | null
  per: 'all' | 'day' | 'month'
  stop: 'hard' | 'soft'
}

export interface Funder {
  funder: string
  cap: number | null
  per: FunderCap['per'] | null
  stop: FunderCap['stop'] | null
  taken: Taken | null
  passed: boolean
  offers: { code: string; name: string; share_bps: number }[]
}

export interface FunderStatement {
  funder: string
  since: string
  until: string
  currency: string
  orders: number
  part: number
  given_back: number
  cost: number
  lines: {
    day: string
    offer: string
    orders: number
    part: number
    given_back: number
    cost: number
  }[]
}
