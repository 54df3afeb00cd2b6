// One stream of changes for the whole desk; pages listen. Falls back to asking every 15 seconds.
import { effectScope, onScopeDispose, reactive } from 'vue';
import { live } from '@shared/live';

export interface Change { case: string; number: string; type: string; state: string; what: string; version: number }
export const live_state = reactive({ connected: false });
const listeners = new Set<(change?: Change) => void>();
let started = false;

export function start_live(): void {
  if (started) return;
  started = true;
  effectScope(true).run(() => {
    const source = live((data) => {
      const change = data && typeof data === 'object' && 'case' in data ? (data as Change) : undefined;
      for (const tell of listeners) tell(change);
    });
    setInterval(() => (live_state.connected = source.connected.value === true), 500);
  });
}
/** Calls `tell` on each change, several in a row once; ends with the component. */
export function on_change(tell: (change?: Change) => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last: Change | undefined;
  let several = false;
  const later = (change?: Change) => {
    if (timer && last?.case !== change?.case) several = true;
    last = change;
    timer ??= setTimeout(() => { timer = undefined; tell(several ? undefined : last); several = false; }, 400);
  };
  listeners.add(later);
  onScopeDispose(() => { listeners.delete(later); clearTimeout(timer); });
}
