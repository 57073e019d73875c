/** The states an order can be listed by. */
export const ORDER_STATUSES = ['placed', 'paid', 'part_refunded', 'refunded', 'cancelled'] as const
