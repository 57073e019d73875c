import { addDays, localParts } from '@shared/format/formatter'
import type { FestivalSpan, When } from '../../api/offers'

const MOST_DAYS = 800

/** Monday 1 to Sunday 7. */
export function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7
}

function nthMatches(day: string, nth: number, weekday: number): boolean {
  if (weekdayOf(day) !== weekday) return false
  if (nth > 0) return Math.ceil(Number(day.slice(8)) / 7) === nth
  return addDays(day, 7).slice(0, 7) !== day.slice(0, 7)
}

let festivalDays: Record<string, Record<string, string[]>> = {}

/** Days of festivals by region, as the server has them; until they are known each day may be one. */
export function learnFestivals(days: Record<string, Record<string, string[]>>): void {
  festivalDays = days
}

function isFestival(day: string, { region, festival, days_before, days_after }: FestivalSpan): boolean {
  const own = festivalDays[region]?.[festival]
  if (!own) return true
  return own.some((one) => addDays(one, -days_before) <= day && day <= addDays(one, days_after))
}

/** Whether an offer is open at some time of the merchant's `day`, as far as its calendar tells. */
export function isOpenOn(when: When, day: string): boolean {
  if (when.except_days.includes(day)) return false
  if (when.festivals.length && !when.festivals.some((span) => isFestival(day, span))) return false
  if (when.weekdays.length && !when.weekdays.includes(weekdayOf(day))) return false
  if (when.days_of_month.length && !when.days_of_month.includes(Number(day.slice(8)))) return false
  return (
    when.nth_weekdays.length === 0 ||
    when.nth_weekdays.some(({ nth, weekday }) => nthMatches(day, nth, weekday))
  )
}

/** Whether its calendar asks for anything besides a beginning and an end. */
export function recurs(when: When): boolean {
  return Boolean(
    when.weekdays.length ||
      when.days_of_month.length ||
      when.nth_weekdays.length ||
      when.festivals.length ||
      when.hours,
  )
}

/** The next `count` days from `today` on which the offer is open, in the merchant's zone. */
export function nextDays(when: When, today: string, zone: string, count: number): string[] {
  const first = when.from ? localParts(when.from, zone).day : today
  const last = when.until ? localParts(when.until, zone) : null
  const found: string[] = []
  let day = first > today ? first : today
  for (let tried = 0; tried < MOST_DAYS && found.length < count; tried += 1) {
    if (last && (day > last.day || (day === last.day && last.time === '00:00'))) break
    if (isOpenOn(when, day)) found.push(day)
    day = addDays(day, 1)
  }
  return found
}

export type Phase = 'draft' | 'active' | 'scheduled' | 'ended' | 'paused' | 'archived'

/** Where an offer stands for people: an active one may not have begun yet, or be over. */
export function phaseOf(offer: { status: string; when: When }, now: string): Phase {
  if (offer.status !== 'active') return offer.status as Phase
  const at = Date.parse(now)
  if (offer.when.until && Date.parse(offer.when.until) <= at) return 'ended'
  if (offer.when.from && Date.parse(offer.when.from) > at) return 'scheduled'
  return 'active'
}

/** The instant at which the clocks of `zone` show a day and a time of day. */
export function instantAt(day: string, time: string, zone: string): string {
  const wanted = Date.parse(`${day}T${time}:00Z`)
  let guess = wanted
  for (let round = 0; round < 2; round += 1) {
    const shown = localParts(new Date(guess).toISOString(), zone)
    guess -= Date.parse(`${shown.day}T${shown.time}:00Z`) - wanted
  }
  return new Date(guess).toISOString().replace('.000Z', 'Z')
}

/** An instant within the next opening, or null where the calendar never opens again. */
export function nextOpening(when: When, now: string, zone: string): string | null {
  const here = localParts(now, zone)
  for (const day of nextDays(when, here.day, zone, 40)) {
    const opens = instantAt(day, when.hours?.[0] ?? '00:00', zone)
    const ends = when.hours?.[1] === '24:00' ? addDays(day, 1) : day
    const closes = when.hours
      ? instantAt(ends, when.hours[1] === '24:00' ? '00:00' : (when.hours[1] as string), zone)
      : instantAt(addDays(day, 1), '00:00', zone)
    const at = [opens, now, when.from ?? opens].sort(
      (one, other) => Date.parse(other) - Date.parse(one),
    )[0] as string
    const before = when.until ? Math.min(Date.parse(closes), Date.parse(when.until)) : Date.parse(closes)
    if (Date.parse(at) < before) return at
  }
  return null
}
