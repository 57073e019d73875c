/** The views of insight, in the order of their tabs, and what each needs. */
export const VIEWS = [
  { name: 'due', needs: 'members.read' },
  { name: 'calendar', needs: 'reports.read' },
  { name: 'slipping', needs: 'members.read' },
  { name: 'lost', needs: 'members.read' },
  { name: 'reasons', needs: 'reports.read' },
  { name: 'value', needs: 'reports.read' },
  { name: 'surveys', needs: 'surveys.read' },
  { name: 'spending', needs: 'experiments.read' },
] as const
export type ViewName = (typeof VIEWS)[number]['name']

export const LEVELS = ['type', 'category', 'sku'] as const
