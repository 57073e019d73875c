import type { Page } from '@shared/api/types'
import { useI18n } from 'vue-i18n'
import { api } from './api/client'
import type { Experiment, Metric, Power, Range, Readout } from './api/experiments'
import { useFormat } from './formatting'

/** The newest first; a hundred are more than anybody reads at once. */
export async function latestExperiments(signal?: AbortSignal): Promise<Experiment[]> {
  const page = await api.get<Page<Experiment>>('/experiments', { limit: 100 }, signal)
  return page.data
}

/** What a lift chip shows: the relative lift of what the experiment is judged by. */
export interface Lift {
  experiment: Experiment
  verdict: Experiment['verdict']
  relative: Range | null
}

/** The experiment with its lift as far as it may be read now. */
export async function liftOf(experiment: Experiment, signal?: AbortSignal): Promise<Lift> {
  if (experiment.status !== 'running') {
    return { experiment, verdict: experiment.verdict, relative: experiment.lift }
  }
  const told = await api.get<Readout>(`/experiments/${experiment.id}/readout`, {}, signal)
  const relative = told.metrics?.[experiment.metric].relative ?? null
  return { experiment, verdict: told.verdict, relative }
}

/** What an experiment of this size can see, in a sentence. */
export function usePowerWords() {
  const { t } = useI18n()
  const format = useFormat()

  return (power: Power, days: number, leastBps: number): string => {
    if (power.least_share === null) return t('power.unknown')
    const figures = {
      least: `+${format.value.percent(Math.round(power.least_share * 10_000), 1)}`,
      days: format.value.count(days),
      wanted: `+${format.value.percent(leastBps, 1)}`,
      needed: format.value.count(power.members_needed),
    }
    if (power.enough) return t('power.enough', figures)
    const said = t('power.not_enough', figures)
    const when =
      power.days_to_decide === null
        ? t('power.never')
        : t('power.days', { days: format.value.count(power.days_to_decide) })
    return `${said} ${when}`
  }
}

/** An amount of what a metric counts, as people read it; `signed` for differences. */
export function useMetricWords() {
  const { t } = useI18n()
  const format = useFormat()

  function amount(metric: Metric, value: number | null, signed = false): string {
    if (value === null) return '–'
    const plus = signed && value > 0 ? '+' : ''
    if (metric === 'money') {
      return signed ? format.value.moneySigned(value) : format.value.money(value)
    }
    if (metric === 'rebought') {
      // A difference of two shares is told in points, or +10.1 % would read as a lift.
      return signed
        ? t('home.points_change', { points: format.value.percentPoints(value * 10_000) })
        : format.value.percent(value * 10_000, 1)
    }
    return plus + format.value.decimal(value, Math.abs(value) < 10 ? 2 : 1)
  }

  /** A relative lift: 0.082 is +8.2 %. */
  function share(value: number | null): string {
    if (value === null) return '–'
    return (value > 0 ? '+' : '') + format.value.percent(value * 10_000, 1)
  }

  return { amount, share }
}
