/** What the console API tells of insight and recommendations. */
import type { SaidReason } from './surveys'
import type { Page } from '@shared/api/types'
import type { Rule } from './segments'

export type Level = 'type' | 'category' | 'sku'
export type ChurnKind = 'drop' | 'silent'
export type LostAs = 'buying' | 'card'

export interface Abstained {
  reason: string
  there: number
  needed: number
}

/** Whether a forecast is there; ``as_of`` is the last day it knew of. */
export interface Forecast {
  state: 'ready' | 'waiting' | 'abstained'
  as_of: string | null
  made_at: string | null
  abstained: Abstained | null
}

export interface Backtest {
  from_day: string
  until: string
  expected: number
  happened: number
  off_bps: number
  met: boolean
}

export interface Who {
  member_id: string
  number: string
  name: string | null
}

export interface Due {
  item: string
  item_name: string | null
  probability_bps: number
  expected_minor: number
  worth_minor: number
  every_days: number
  days_ago: number
  purchases: number
  /** Where a steady rhythm points to a day ahead. */
  expected_day: string | null
  reason: 'rhythm' | 'overdue' | 'often'
  why: string
}

/** A page of people, with the rule of a segment that gathers all of the list. */
export interface People<Row> extends Forecast, Page<Row> {
  people: Rule | null
}

export interface DueList extends People<Due & Who> {
  level: Level
  horizon_days: number | null
  backtest: Backtest | null
}

export interface CalendarDay {
  day: string
  expected: number
  buyers: number
  expected_minor: number
}

export interface CalendarItem {
  item: string
  item_name: string | null
  members: number
  expected: number
  expected_minor: number
}

export interface Calendar extends Forecast {
  level: Level
  horizon_days: number | null
  expected: number
  buyers: number
  expected_minor: number
  days: CalendarDay[]
  items: CalendarItem[]
  backtest: Backtest | null
}

export interface Slipping {
  probability_bps: number
  days_ago: number
  usual_days: number
  longest_days: number
  trips_28: number
  trips_112: number
  spend_112_minor: number
  why: string
}

export interface SlippingList extends People<Slipping & Who> {
  kind: ChurnKind
  backtest: Backtest | null
}

export interface Lost {
  lost_as: LostAs
  since: string
  last_day: string | null
  usual_days: number | null
  longest_days: number | null
  tier: string | null
  won_back_by: string
}

export interface LostList extends People<Lost & Who> {
  lost_as: LostAs
  members: number
}

export interface ReasonLine {
  signal: string
  stopped: number
  of_stopped: number
  went_on: number
  of_went_on: number
  difference_bps: number | null
  low_bps: number | null
  high_bps: number | null
}

export interface Reasons extends Forecast {
  days: number | null
  no_data: string[]
  lines: ReasonLine[]
  said: Said
}

/** What members said, each source by itself. */
export interface Said {
  days: number
  least: number
  sources: {
    source: 'leaving' | 'survey'
    name: string | null
    answers: number
    told: number
    lines: SaidReason[]
  }[]
}

export interface CalibrationGroup {
  least: number
  most: number | null
  members: number
  predicted_purchases: number
  actual_purchases: number
  predicted_value_minor: number
  actual_value_minor: number
}

export interface ValueSummary extends Forecast {
  horizon_days: number | null
  members: number
  one_time: number
  expected_purchases: number
  expected_value_minor: number
  calibration: {
    horizon_days: number
    members: number
    predicted_purchases: number
    actual_purchases: number
    off_bps: number | null
    predicted_value_minor: number
    actual_value_minor: number
    top_tenth_value_share: number
    by_purchases: CalibrationGroup[]
  } | null
}

export interface Value {
  expected_value_minor: number
  expected_purchases: number
  probability_alive_bps: number | null
  purchases: number
  days_ago: number
}

export interface ValueList extends People<Value & Who> {
  horizon_days: number | null
}

/** All forecasts asked for at once: ``done`` of ``of`` steps are over, ``step`` is at work. */
export interface ForecastRun {
  id: string
  status: 'waiting' | 'running' | 'done' | 'failed'
  done: number
  of: number
  step: string | null
  error: string
  created_at: string
  finished_at: string | null
}

export interface Progress {
  as_of: string
  lines: number
  lines_needed: number
  done: number
  of: number
  run: ForecastRun | null
}

/** One member; what is not told of them is null. */
export interface Outlook extends Forecast {
  level: Level
  due_days: number | null
  due: Due[]
  drop: Slipping | null
  silent: Slipping | null
  lost: Lost | null
  value_days: number | null
  value: Value | null
}

export type RecommendationMode = 'next_basket' | 'explore'

export interface Recommendations extends Forecast {
  mode: RecommendationMode
  personal: boolean
  data: { rank: number; item: string; name: string | null; why: string }[]
}
