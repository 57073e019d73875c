import '@shared/tokens.css'
import 'vant/es/style/base.css'
import './styles.css'
import { makeRenewal } from '@shared/renewal'
import { createApp } from 'vue'
import App from './App.vue'
import { language } from './i18n'

const missing = makeRenewal()
window.addEventListener('vite:preloadError', () => void missing())

await language.start()
createApp(App).use(language.i18n).mount('#app')
