/** The line of a sparkline in a box of `width` x `height`, or null for fewer than two values. */
export function sparkPath(values: number[], width: number, height: number) {
  if (values.length < 2) return null
  const inset = 3
  const least = Math.min(...values)
  const span = Math.max(...values) - least
  const points = values.map((value, index) => ({
    x: inset + (index / (values.length - 1)) * (width - 2 * inset),
    y: span === 0 ? height / 2 : height - inset - ((value - least) / span) * (height - 2 * inset),
  }))
  const line = points
    .map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('')
  return { line, end: points[points.length - 1] as { x: number; y: number } }
}
