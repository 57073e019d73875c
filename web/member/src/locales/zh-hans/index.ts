import shared from '@shared/locales/zh-hans'
import pages from './pages.json'

export default { ...shared, ...pages }
