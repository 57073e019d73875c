import '@shared/tokens.css'
import './styles.css'
import { createApp } from 'vue'
import App from './App.vue'
import { whenSignedOut } from './api/client'
import { language } from './i18n'
import { watchScreens } from './missed'
import { router } from './router'
import { currentSession, keepSession } from './session'

whenSignedOut(() => {
  if (!currentSession()) return
  keepSession(null)
  void router.push({
    name: 'sign-in',
    query: { next: router.currentRoute.value.fullPath },
  })
})

watchScreens(router)
await language.start()
createApp(App).use(language.i18n).use(router).mount('#app')
