import vue from '@vitejs/plugin-vue'
import { defineConfig, mergeConfig } from 'vite'
import { sharedConfig } from './vite.shared'

export default defineConfig(({ command }) =>
  mergeConfig(sharedConfig('member', command === 'build'), {
    plugins: [vue()],
  }),
)
