/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const app = process.env.TONGBAN_APP === 'desk' ? 'desk' : 'portal';
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// The server that answers /api during development (npm run dev:portal).
const server = process.env.TONGBAN_SERVER ?? 'http://127.0.0.1:21500';

export default defineConfig({
  root: at(app),
  base: '',
  // Both development servers may run at once.
  cacheDir: at(`node_modules/.vite-${app}`),
  plugins: [vue()],
  resolve: { alias: { '@shared': at('shared') } },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: at(`../build/web/${app}`),
    emptyOutDir: true,
    target: 'es2020',
    // Nothing as a data: URL and no inline script: the content security policy refuses both.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // The English words are one file, fetched when English is chosen.
    rollupOptions: { output: { manualChunks: (id: string) => (/\/text\/en\.ts$/.test(id) ? 'en' : undefined) } },
  },
  server: {
    proxy: {
      '/api': { target: server },
      '/healthz': { target: server },
      // index.html names its own base; in development the pages live at the root.
      [`^/${app}/`]: { target: `http://127.0.0.1:${app === 'desk' ? 21610 : 21510}`, rewrite: (p) => p.replace(`/${app}/`, '/') },
    },
  },
  test: {
    root: at('.'),
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'tests/**'],
    environment: 'node',
  },
});
