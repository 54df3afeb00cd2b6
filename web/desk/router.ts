import { createRouter, createWebHistory } from 'vue-router';
import { session } from './session';

const here = new URL(document.baseURI).pathname;
export const router = createRouter({
  history: createWebHistory(here),
  routes: [
    { path: '/', redirect: '/inbox' },
    { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignIn.vue'), meta: { open: true, title: 'signin.title' } },
    { path: '/set-up', name: 'set-up', component: () => import('./pages/SetUp.vue'), meta: { open: true, title: 'setup.title' } },
    { path: '/inbox', name: 'inbox', component: () => import('./pages/Inbox.vue'), meta: { title: 'nav.inbox' } },
    { path: '/cases/:id', name: 'case', component: () => import('./pages/Order.vue'), meta: { title: 'nav.inbox' } },
    { path: '/call/:pack?/:type?', name: 'call', component: () => import('./pages/Call.vue'), meta: { title: 'nav.call' } },
    { path: '/pool', name: 'pool', component: () => import('./pages/Pool.vue'), meta: { title: 'nav.pool' } },
    { path: '/board', name: 'board', component: () => import('./pages/Board.vue'), meta: { title: 'nav.board' } },
    { path: '/admin/:part?', name: 'admin', component: () => import('./pages/Admin.vue'), meta: { title: 'nav.admin' } },
    { path: '/:rest(.*)', name: 'nowhere', component: () => import('./pages/Nowhere.vue'), meta: { title: 'nowhere.title' } },
  ],
});
router.beforeEach((to) => {
  if (to.meta.open || session.state === 'in') return true;
  return { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } };
});
