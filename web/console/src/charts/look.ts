/** The charts' look: the design's series colours, in order, and a quiet frame. */
export const SERIES = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00'] as const
export const INK = '#1F2933'
export const INK_SOFT = '#52606D'
export const LINE = '#E4E7EB'

const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'

/** What every chart with two axes begins with. The tooltip is drawn, not HTML, for the CSP. */
export const FRAME = {
  animation: false,
  color: [...SERIES] as string[],
  textStyle: { fontFamily: FONT, fontSize: 12, color: INK_SOFT },
  grid: { left: 8, right: 16, top: 16, bottom: 8, containLabel: true },
  tooltip: {
    trigger: 'axis',
    renderMode: 'richText',
    confine: true,
    backgroundColor: '#fff',
    borderColor: LINE,
    textStyle: { color: INK, fontSize: 12, fontFamily: FONT },
  },
}

export const CATEGORY_AXIS = {
  type: 'category',
  axisLine: { lineStyle: { color: '#9AA5B1' } },
  axisTick: { show: false },
  axisLabel: { color: INK_SOFT, hideOverlap: true },
}

export const VALUE_AXIS = {
  type: 'value',
  splitLine: { lineStyle: { color: LINE } },
  axisLabel: { color: INK_SOFT },
}

/** Where a rate's axis may begin: a round 10 % below the least, never below 0. */
export function rateFloor(rates: number[]): number {
  const least = Math.min(...rates)
  return Number.isFinite(least) ? Math.max(0, Math.floor(least / 1000) * 1000 - 1000) : 0
}
