/** A black-on-white vector drawing, read from SVG text without putting that text into the page. */
export interface Drawing {
  viewBox: string
  paths: { d: string; transform: string; fill: string; stroke: string }[]
}

/**
 * Reads the paths of an SVG (a QR code). Scripts, styles, links and all else are left behind.
 * Returns null for what is no SVG.
 */
export function readDrawing(svg: string): Drawing | null {
  const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement
  if (root.nodeName !== 'svg') return null
  const width = Number.parseFloat(root.getAttribute('width') ?? '0')
  const height = Number.parseFloat(root.getAttribute('height') ?? '0')
  const viewBox = root.getAttribute('viewBox') ?? `0 0 ${width} ${height}`
  const paths = Array.from(root.querySelectorAll('path'), (path) => {
    const attribute = (name: string, otherwise: string) => path.getAttribute(name) ?? otherwise
    const stroked = path.hasAttribute('stroke')
    return {
      d: attribute('d', ''),
      transform: attribute('transform', ''),
      fill: attribute('fill', stroked ? 'none' : '#000'),
      stroke: attribute('stroke', 'none'),
    }
  })
  return paths.length > 0 ? { viewBox, paths } : null
}
