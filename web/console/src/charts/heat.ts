const PALEST = [0xef, 0xf6, 0xff] as const
const DEEPEST = [0x1e, 0x3a, 0x8a] as const

function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** WCAG contrast of two colours, 1 to 21. */
export function contrast(one: readonly number[], other: readonly number[]): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

export interface HeatTone {
  background: string
  color: string
  rgb: number[]
}

/** The tone of a share from 0 to 1 on the one-hue scale, and the text colour that reads on it. */
export function heatTone(share: number): HeatTone {
  const at = Math.min(1, Math.max(0, share))
  const rgb = PALEST.map((pale, channel) =>
    Math.round(pale + ((DEEPEST[channel] as number) - pale) * at),
  )
  const dark = contrast(rgb, [0, 0, 0]) >= contrast(rgb, [255, 255, 255])
  return {
    background: `rgb(${rgb.join(' ')})`,
    color: dark ? '#000' : '#fff',
    rgb,
  }
}

/** Where `value` stands between `low` and `high`, 0 to 1. */
export function shareOf(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0
}
