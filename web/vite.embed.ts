import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** One file without dependencies, under a name that stays: other people's pages point at it. */
export default defineConfig({
  root: here('./embed'),
  build: {
    outDir: here('./dist/embed'),
    emptyOutDir: true,
    target: 'es2020',
    lib: {
      entry: here('./embed/src/main.ts'),
      formats: ['iife'],
      name: 'regulars',
      fileName: () => 'regulars.js',
    },
  },
})
