import { createApp } from 'vue';
import '@shared/tokens.css';
import '@shared/base.css';
import './desk.css';
import { addTexts, startLang } from '@shared/text';
import zh from './text/zh';
import App from './App.vue';
import { router } from './router';
import './packs';
import { read_session } from './session';
import { start_keyboard } from './models/keyboard';
import { start_clock } from './format';

addTexts(zh, () => import('./text/en'));
void start();

async function start(): Promise<void> {
  await startLang();
  start_clock();
  start_keyboard();
  await read_session().catch(() => undefined);
  createApp(App).use(router).mount('#app');
}
