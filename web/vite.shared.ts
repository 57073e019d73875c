import { fileURLToPath } from 'node:url'
import type { UserConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** What both builds share. Nothing may be inlined or evaluated: the pages run under a strict CSP. */
export function sharedConfig(app: 'console' | 'member', building: boolean): UserConfig {
  return {
    root: here(`./${app}`),
    base: building ? `/static/${app}/` : app === 'console' ? '/console/' : '/m/',
    resolve: { alias: { '@shared': here('./shared/src') } },
    define: {
      __VUE_OPTIONS_API__: 'true',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
      __VUE_I18N_FULL_INSTALL__: 'false',
      __VUE_I18N_LEGACY_API__: 'false',
      __INTLIFY_PROD_DEVTOOLS__: 'false',
      __INTLIFY_JIT_COMPILATION__: 'true',
      __INTLIFY_DROP_MESSAGE_COMPILER__: 'false',
    },
    build: {
      outDir: here(`./dist/${app}`),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2022',
      reportCompressedSize: true,
    },
    server: {
      proxy: {
        '/console/api': 'http://127.0.0.1:8000',
        '/member/api': 'http://127.0.0.1:8000',
        '/sign-in': 'http://127.0.0.1:8000',
      },
    },
  }
}
