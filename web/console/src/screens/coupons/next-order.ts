/** The coupon for the next order as it is asked for. */

export interface NextOrder {
  window: boolean
  after: number | undefined
  valid: number | undefined
  sized: boolean
  most: number | undefined
  stronger: string[]
  margin: number | undefined
  spare: boolean
}

export const nextOrder = (): NextOrder => ({
  window: true,
  after: 7,
  valid: 14,
  sized: false,
  most: 60,
  stronger: [],
  margin: 30,
  spare: false,
})

/** Whether enough is said to ask for it; the margin is needed where money is weighed. */
export function isSaid(form: NextOrder): boolean {
  if (!form.window && form.after === undefined) return false
  if (form.valid === undefined) return false
  const weighed = form.stronger.length > 0 || form.spare
  return !form.sized || (form.most !== undefined && (!weighed || Boolean(form.margin)))
}

export function issueOf(form: NextOrder): Record<string, unknown> {
  const weighed = form.stronger.length > 0 || form.spare
  return {
    on: 'order_paid',
    after: form.window ? 'return_window' : form.after,
    sized: form.sized
      ? {
          most_days: form.most,
          stronger: form.stronger,
          margin_bps: weighed ? (form.margin ?? 0) * 100 : null,
          spare: form.spare,
        }
      : null,
  }
}
