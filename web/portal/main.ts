import { createApp } from 'vue';
import '@shared/tokens.css';
import '@shared/base.css';
import '@shared/form/form.css';
import './portal.css';
import { defaults } from '@shared/api';
import '@shared/drafts'; // nearly every page needs it: it stands in the first file instead of in one of its own
import { addTexts, startLang } from '@shared/text';
import zh from './text/zh';
import App from './App.vue';

defaults.credentials = 'omit';
addTexts(zh, () => import('./text/en'));
void startLang().catch(() => undefined).then(() => createApp(App).mount('#app'));
