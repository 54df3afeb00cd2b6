/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';
import { landings } from './landings';

const app = process.env.TONGBAN_APP === 'desk' ? 'desk' : 'portal';
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// The server that answers /api during development (npm run dev:portal).
const server = process.env.TONGBAN_SERVER ?? 'http://127.0.0.1:21500';

// Where people land, and the page that this place shows first.
const places: Record<string, Record<string, string[]>> = {
  portal: { index: ['Home.vue'], file: ['File.vue'], track: ['Track.vue'], my: ['My.vue'], search: ['Search.vue'], about: ['About.vue'], case: ['Case.vue'] },
  desk: { index: ['Inbox.vue'], inbox: ['Inbox.vue'], 'sign-in': ['SignIn.vue'], cases: ['Order.vue'], call: ['Call.vue'], pool: ['Pool.vue'], board: ['Board.vue'] },
};
// What pages share is in few files: a phone asks for each of them.
const together: Record<string, [RegExp, string][]> = {
  portal: [
    [/\/text\/en\.ts$/, 'en'], // the English words are fetched when English is chosen
    [/\/shared\/strip\/(model|words|Strip)/, 'strip'],
    [/\/shared\/(form|refusal|clause)\/|\/parts\/(TrackForm|found)/, 'form'],
    [/\/parts\/DraftLine|\/strip\/[pP]ill|\/pages\/Home/, 'home'],
  ],
  desk: [
    [/\/text\/en\.ts$/, 'en'],
    [/\/desk\/(early|models\/views)\.ts$|\/shared\/(ahead|days)\.ts$/, 'early'],
    [/\/desk\/parts\/(panels|Palette|KeySheet|SignIn|Overlay|Trouble|ClauseLink)|\/shared\/clause\//, 'panels'],
    [/\/desk\/parts\/(CaseRow|Pill|Horizon|FilterSheet)|\/desk\/(seen|saved|cases|models\/(groups|horizon))|\/pages\/Inbox|\/strip\/pill/, 'inbox'],
    [/\/desk\/(order|acts)\.ts$|\/desk\/parts\/(Clocks|ReadingPane|Handovers|Ladder)|\/shared\/strip\//, 'case'],
    [/\/desk\/parts\/(DeskForm|ActPanel|BatchPanel|Conflict)|\/desk\/(acting|batch)\.ts$|\/shared\/(form|refusal)\//, 'form'],
  ],
};

export default defineConfig({
  root: at(app),
  base: '',
  // Both development servers may run at once.
  cacheDir: at(`node_modules/.vite-${app}`),
  plugins: [vue(), landings(Object.fromEntries(Object.entries(places[app]).map(([place, pages]) => [place, pages.map((page) => `/pages/${page}`)])), app === 'desk' ? at('desk/early.ts') : undefined)],
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
    // One style sheet: it is small, and comes once.
    cssCodeSplit: false,
    rollupOptions: { output: { manualChunks: (id: string) => (id.endsWith('.css') ? undefined : together[app].find(([which]) => which.test(id))?.[1]), onlyExplicitManualChunks: true } },
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
