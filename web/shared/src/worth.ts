/** What some units are worth, told of a hundred or more: 1 point at 0.01 is 100 points at 1.00. */
export function shownWorth(units: number, minor: number): { units: number; minor: number } {
  let factor = 1
  while (units * factor < 100) factor *= 10
  return { units: units * factor, minor: minor * factor }
}
