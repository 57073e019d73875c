import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { defineConfig, mergeConfig } from 'vite'
import { sharedConfig } from './vite.shared'

export default defineConfig(({ command }) =>
  mergeConfig(sharedConfig('console', command === 'build'), {
    plugins: [
      vue(),
      components({
        dirs: [],
        dts: '../console/src/element-components.d.ts',
        resolvers: [ElementPlusResolver({ importStyle: 'css' })],
      }),
    ],
  }),
)
