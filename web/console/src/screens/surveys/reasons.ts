/** The reasons that members choose from, in the order they are asked in. */
export const REASONS = [
  'price',
  'service',
  'stock',
  'benefits',
  'messages',
  'needs_changed',
  'other',
] as const
