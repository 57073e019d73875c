/** Whether what was typed is what was to be typed, spaces at the ends aside. */
export function confirms(typed: string, wanted: string): boolean {
  return typed.trim() === wanted.trim()
}
