import { LOCALE_TAGS, type Locale } from '../i18n/locales'

const COMPACT_FROM = 10_000
const DAY_MS = 86_400_000

export interface FormatterOptions {
  locale: Locale
  /** ISO 4217. */
  currency: string
  /** IANA name of the merchant's zone. */
  zone: string
  /** The merchant's day; coming days near it are written without their year. */
  today?: string
}

/** A coming day within this many days is clear without its year. */
const NEAR_DAYS = 300

/** How many decimals the currency's minor unit stands for. */
export function minorDigits(currency: string): number {
  return (
    new Intl.NumberFormat('en', {
      style: 'currency',
      currency,
    }).resolvedOptions().maximumFractionDigits ?? 2
  )
}

/** A day "YYYY-MM-DD" as the instant of its start in UTC: days carry no zone of their own. */
function dayAsDate(day: string): Date {
  return new Date(`${day}T00:00:00Z`)
}

/** Whole days from day `from` to day `to`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((dayAsDate(to).getTime() - dayAsDate(from).getTime()) / DAY_MS)
}

/** The day and the time of day of an instant in a zone. */
export function localParts(instant: string, zone: string): { day: string; time: string } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(instant))
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return {
    day: `${part('year')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}`,
  }
}

export function addDays(day: string, days: number): string {
  return new Date(dayAsDate(day).getTime() + days * DAY_MS).toISOString().slice(0, 10)
}

export function dayBefore(day: string): string {
  return addDays(day, -1)
}

/** A minus sign as it is set beside figures: a hyphen is shorter than the plus it answers. */
function set(text: string): string {
  return text.replace('-', '−')
}

/** Numbers, money, days and instants as one merchant's staff or members read them. */
export function makeFormatter({ locale, currency, zone, today }: FormatterOptions) {
  const tag = LOCALE_TAGS[locale]
  const digits = minorDigits(currency)
  const scale = 10 ** digits
  const whole = new Intl.NumberFormat(tag)
  const signed = new Intl.NumberFormat(tag, { signDisplay: 'exceptZero' })
  const compact = new Intl.NumberFormat(tag, {
    notation: 'compact',
    maximumFractionDigits: 1,
  })
  const moneyOptions = {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  } as const
  const money = new Intl.NumberFormat(tag, moneyOptions)
  const moneySigned = new Intl.NumberFormat(tag, {
    ...moneyOptions,
    signDisplay: 'exceptZero',
  })
  const moneyRounded = new Intl.NumberFormat(tag, { ...moneyOptions, maximumFractionDigits: 0 })
  const moneyCompact = (digits: number) =>
    new Intl.NumberFormat(tag, {
      ...moneyOptions,
      notation: 'compact',
      maximumSignificantDigits: digits,
    })
  const moneyInFour = moneyCompact(4)
  const moneyInThree = moneyCompact(3)
  const percent = (decimals: number) =>
    new Intl.NumberFormat(tag, {
      style: 'percent',
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    })
  const percents = [percent(0), percent(1), percent(2)]
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(tag, options)
  const dayFormat = date({
    timeZone: 'UTC',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  })
  const shortDayFormat = date({
    timeZone: 'UTC',
    month: 'short',
    day: 'numeric',
  })
  const monthFormat = date({
    timeZone: 'UTC',
    year: 'numeric',
    month: 'short',
  })
  const instantFormat = date({
    timeZone: zone,
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const nearDay = (day: string) => {
    const ahead = today ? daysBetween(today, day) : -1
    return (ahead >= 0 && ahead <= NEAR_DAYS ? shortDayFormat : dayFormat).format(dayAsDate(day))
  }
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'always' })

  return {
    locale,
    currency,
    zone,
    digits,
    count: (value: number) => set(whole.format(value)),
    countSigned: (value: number) => set(signed.format(value)),
    /** In full below 10,000, then 万 and 亿, or K and M. */
    countShort: (value: number) => set((Math.abs(value) < COMPACT_FROM ? whole : compact).format(value)),
    money: (minor: number) => set(money.format(minor / scale)),
    moneySigned: (minor: number) => set(moneySigned.format(minor / scale)),
    /** In full below 10,000, then four digits of it: 6.998万 must not read 7万. */
    moneyShort: (minor: number) =>
      set((Math.abs(minor) < COMPACT_FROM * scale ? money : moneyInFour).format(minor / scale)),
    /** In whole units below 10,000, then short: for cells with no room for more. */
    moneyWhole: (minor: number) =>
      set(
        (Math.abs(minor) < COMPACT_FROM * scale ? moneyRounded : moneyInThree).format(minor / scale),
      ),
    /** Basis points as a percentage. */
    percent: (bps: number, decimals: 0 | 1 | 2 = 1) =>
      set((percents[decimals] as Intl.NumberFormat).format(bps / 10_000)),
    /** A difference of two rates, in percentage points. */
    percentPoints: (bps: number) =>
      set(
        new Intl.NumberFormat(tag, {
          signDisplay: 'exceptZero',
          minimumFractionDigits: 1,
          maximumFractionDigits: 1,
        }).format(bps / 100),
      ),
    /** A factor in basis points: 12500 is 1.25. */
    factor: (bps: number) =>
      new Intl.NumberFormat(tag, { maximumFractionDigits: 2 }).format(bps / 10_000),
    decimal: (value: number, decimals = 1) =>
      set(new Intl.NumberFormat(tag, { maximumFractionDigits: decimals }).format(value)),
    day: (day: string) => dayFormat.format(dayAsDate(day)),
    /** A coming day, without its year where that is clear. */
    dayNear: nearDay,
    /** "YYYY-MM" or any day of that month. */
    month: (month: string) => monthFormat.format(dayAsDate(`${month.slice(0, 7)}-01`)),
    instant: (instant: string) => instantFormat.format(new Date(instant)),
    dayOf: (instant: string) => localParts(instant, zone).day,
    /** When something ends: midnight is the end of the day before, written 24:00. */
    deadline(instant: string) {
      const { day, time } = localParts(instant, zone)
      const [shownDay, shownTime] = time === '00:00' ? [dayBefore(day), '24:00'] : [day, time]
      return `${nearDay(shownDay)} ${shownTime}`
    },
    /** "in 12 days", counted from day `from`. */
    inDays: (from: string, day: string) => relative.format(daysBetween(from, day), 'day'),
    /** Text of a person's money input as minor units, or null when it is none. */
    parseMoney(text: string): number | null {
      const clean = text.replace(/[\s,]/g, '').replace('−', '-')
      if (!/^-?\d+(\.\d+)?$/.test(clean)) return null
      const [units = '0', fraction = ''] = clean.replace('-', '').split('.')
      if (fraction.length > digits) return null
      const minor = Number(units) * scale + Number(fraction.padEnd(digits, '0') || '0')
      if (!Number.isSafeInteger(minor)) return null
      return clean.startsWith('-') ? -minor : minor
    },
    /** Minor units as a person types them. */
    plainMoney: (minor: number) => (minor / scale).toFixed(digits),
  }
}

export type Formatter = ReturnType<typeof makeFormatter>

/** When `day` begins in `zone`; what follows where that midnight does not exist. */
export function startOfDay(day: string, zone: string): string {
  let guess = dayAsDate(day).getTime()
  for (let round = 0; round < 2; round += 1) {
    const { day: shownDay, time } = localParts(new Date(guess).toISOString(), zone)
    guess -= dayAsDate(shownDay).getTime() + minutesOf(time) * 60_000 - dayAsDate(day).getTime()
  }
  return new Date(guess).toISOString().replace('.000Z', 'Z')
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
