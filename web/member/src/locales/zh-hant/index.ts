import shared from '@shared/locales/zh-hant'
import pages from './pages.json'

export default { ...shared, ...pages }
