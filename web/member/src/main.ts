import '@shared/tokens.css'
import 'vant/es/style/base.css'
import './styles.css'
import { createApp } from 'vue'
import App from './App.vue'
import { language } from './i18n'

await language.start()
createApp(App).use(language.i18n).mount('#app')
