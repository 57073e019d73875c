import shared from '@shared/locales/en'
import audit from './audit.json'
import campaigns from './campaigns.json'
import common from './common.json'
import coupons from './coupons.json'
import experiments from './experiments.json'
import faults from './faults.json'
import home from './home.json'
import imports from './imports.json'
import insight from './insight.json'
import members from './members.json'
import offering from './offering.json'
import orders from './orders.json'
import programme from './programme.json'
import reports from './reports.json'
import segments from './segments.json'
import settings from './settings.json'
import sign_in from './sign-in.json'
import spending from './spending.json'
import surveys from './surveys.json'
import till from './till.json'

export default {
  ...shared,
  ...audit,
  ...campaigns,
  ...common,
  ...coupons,
  ...experiments,
  ...faults,
  ...home,
  ...imports,
  ...insight,
  ...members,
  ...offering,
  ...orders,
  ...programme,
  ...reports,
  ...segments,
  ...settings,
  ...sign_in,
  ...spending,
  ...surveys,
  ...till,
}
