import shared from '@shared/locales/en'
import pages from './pages.json'

export default { ...shared, ...pages }
