import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { askSession, gateFor, may } from './session'

const AppShell = () => import('./components/AppShell.vue')

const screens: RouteRecordRaw[] = [
  {
    path: '',
    name: 'home',
    component: () => import('./screens/home/HomeScreen.vue'),
  },
  {
    path: 'members',
    name: 'members',
    component: () => import('./screens/members/MembersScreen.vue'),
  },
  {
    path: 'members/:id',
    name: 'member',
    component: () => import('./screens/members/MemberScreen.vue'),
  },
  {
    path: 'segments',
    name: 'segments',
    component: () => import('./screens/segments/SegmentsScreen.vue'),
  },
  {
    path: 'segments/new',
    name: 'segment-new',
    component: () => import('./screens/segments/SegmentBuilder.vue'),
  },
  {
    path: 'segments/:code/edit',
    name: 'segment-edit',
    component: () => import('./screens/segments/SegmentBuilder.vue'),
  },
  {
    path: 'programme',
    name: 'programme',
    component: () => import('./screens/programme/ProgrammeScreen.vue'),
  },
  {
    path: 'programme/edit',
    name: 'programme-edit',
    component: () => import('./screens/programme/ProgrammeEditor.vue'),
  },
  {
    path: 'programme/changes',
    name: 'programme-changes',
    component: () => import('./screens/programme/ChangesScreen.vue'),
  },
  {
    path: 'orders',
    name: 'orders',
    component: () => import('./screens/orders/OrdersScreen.vue'),
  },
  {
    path: 'orders/:id',
    name: 'order',
    component: () => import('./screens/orders/OrderScreen.vue'),
  },
  {
    path: 'campaigns',
    name: 'campaigns',
    component: () => import('./screens/campaigns/CampaignsScreen.vue'),
  },
  {
    path: 'campaigns/new',
    name: 'campaign-new',
    component: () => import('./screens/campaigns/OfferEditor.vue'),
  },
  {
    path: 'campaigns/stacking',
    name: 'campaign-stacking',
    component: () => import('./screens/campaigns/StackingScreen.vue'),
  },
  {
    path: 'campaigns/funders',
    name: 'funders',
    component: () => import('./screens/offering/FundersScreen.vue'),
  },
  {
    path: 'campaigns/supplies',
    name: 'supplies',
    component: () => import('./screens/offering/SuppliesScreen.vue'),
  },
  {
    path: 'campaigns/coupons',
    name: 'coupons',
    component: () => import('./screens/coupons/CouponsScreen.vue'),
  },
  {
    path: 'campaigns/:code',
    name: 'campaign',
    component: () => import('./screens/campaigns/OfferEditor.vue'),
  },
  {
    path: 'experiments',
    name: 'experiments',
    component: () => import('./screens/experiments/ExperimentsScreen.vue'),
  },
  {
    path: 'experiments/new',
    name: 'experiment-new',
    component: () => import('./screens/experiments/NewExperiment.vue'),
  },
  {
    path: 'experiments/:id',
    name: 'experiment',
    component: () => import('./screens/experiments/ExperimentScreen.vue'),
  },
  {
    path: 'till',
    name: 'till',
    component: () => import('./screens/till/TillScreen.vue'),
  },
  {
    path: 'imports',
    name: 'imports',
    component: () => import('./screens/imports/ImportsScreen.vue'),
  },
  {
    path: 'imports/new',
    name: 'import-new',
    component: () => import('./screens/imports/NewImportScreen.vue'),
  },
  {
    path: 'imports/:id',
    name: 'import',
    component: () => import('./screens/imports/ImportScreen.vue'),
  },
  { path: 'reports', redirect: '/reports/repurchase' },
  {
    path: 'reports/:name',
    name: 'report',
    component: () => import('./screens/reports/ReportsScreen.vue'),
  },
  { path: 'insight', redirect: '/insight/due' },
  {
    path: 'insight/:name',
    name: 'insight',
    component: () => import('./screens/insight/InsightScreen.vue'),
  },
  { path: 'surveys', redirect: '/insight/surveys' },
  {
    path: 'surveys/new',
    name: 'survey-new',
    component: () => import('./screens/surveys/SurveyEditor.vue'),
  },
  {
    path: 'surveys/:id/edit',
    name: 'survey-edit',
    component: () => import('./screens/surveys/SurveyEditor.vue'),
  },
  {
    path: 'surveys/:id',
    name: 'survey',
    component: () => import('./screens/surveys/SurveyScreen.vue'),
  },
  { path: 'spending', redirect: '/insight/spending' },
  {
    path: 'spending/:id',
    name: 'plan',
    component: () => import('./screens/spending/PlanScreen.vue'),
  },
  { path: 'settings', redirect: '/settings/merchant' },
  {
    path: 'settings/:tab',
    name: 'settings',
    component: () => import('./screens/settings/SettingsScreen.vue'),
  },
  {
    path: ':rest(.*)*',
    name: 'nowhere',
    component: () => import('./screens/NowhereScreen.vue'),
  },
]

export const router = createRouter({
  history: createWebHistory('/console/'),
  routes: [
    {
      path: '/sign-in',
      name: 'sign-in',
      component: () => import('./screens/sign-in/SignInScreen.vue'),
    },
    {
      path: '/second-factor',
      name: 'second-factor',
      component: () => import('./screens/sign-in/SecondFactorScreen.vue'),
    },
    { path: '/', component: AppShell, children: screens },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? false,
})

router.beforeEach(async (to) => {
  const gate = gateFor(await askSession())
  const atGate = to.name === 'sign-in' || to.name === 'second-factor'
  if (gate === null) {
    if (atGate) return { path: '/' }
    return to.name === 'home' && !may('reports.read') ? { path: '/members' } : true
  }
  if (to.name === gate) return true
  const next = atGate ? to.query.next : to.fullPath
  return { name: gate, query: next && next !== '/' ? { next } : {} }
})
