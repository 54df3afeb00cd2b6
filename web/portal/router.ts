// Forty lines instead of a library: history routing below <base>, the page's heading takes the focus after a change.
import { nextTick, shallowRef } from 'vue';

export interface Route { page: string; parts: string[]; query: URLSearchParams; path: string }
const base = () => new URL('.', document.baseURI).pathname;
function read(): Route {
  const path = decodeURI(location.pathname.startsWith(base()) ? location.pathname.slice(base().length) : location.pathname.slice(1));
  const [page, ...parts] = path.split('/').filter(Boolean);
  return { page: page ?? 'home', parts: parts.map((p) => { try { return decodeURIComponent(p); } catch { return p; } }), query: new URLSearchParams(location.search), path: path + location.search };
}
export const route = shallowRef<Route>(read());
const leaving: (() => void)[] = [];
/** Called before the page changes, for whatever must be kept. */
export function onLeave(keep: () => void): () => void { leaving.push(keep); return () => leaving.splice(leaving.indexOf(keep), 1); }
function show(): void { leaving.forEach((keep) => keep()); route.value = read(); }
window.addEventListener('popstate', show);

export const href = (path: string): string => new URL(path, document.baseURI).pathname + new URL(path, document.baseURI).search;
export function go(path: string, options: { replace?: boolean; quiet?: boolean } = {}): void {
  history[options.replace ? 'replaceState' : 'pushState'](null, '', href(path));
  if (options.quiet) { route.value = read(); return; }
  show();
  window.scrollTo(0, 0);
  void focusHeading();
}
/** Waits for the page to have a heading (pages are loaded when first needed). */
export async function focusHeading(tries = 20): Promise<void> {
  await nextTick();
  const heading = document.querySelector<HTMLElement>('main h1');
  if (!heading) { if (tries > 0) setTimeout(() => void focusHeading(tries - 1), 50); return; }
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
