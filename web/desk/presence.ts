// Who else is in this case: told every 20 seconds, taken back when the page is left or closed. The entry lives 45 seconds on
// the server, for pages that could not say good-bye.
import { onScopeDispose, ref, watch, type Ref } from 'vue';
import { ApiError } from '@shared/api';
import { api } from './session';
import type { Present } from './models/types';

export function use_presence(id: Ref<string>, editing: Ref<boolean>) {
  const others = ref<Present[]>([]);
  let there = true;
  let told = ''; // the case that knows of us; the address has changed already when the page goes
  async function tell(): Promise<void> {
    if (!there || !id.value || document.visibilityState === 'hidden') return;
    told = id.value;
    try {
      others.value = (await api.put<{ others: Present[] }>(`cases/${id.value}/presence`, { editing: editing.value }, { quiet: true })).others;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 405)) there = false;
      others.value = [];
    }
  }
  const leave = () => { if (there && told) void api.delete(`cases/${told}/presence`, { quiet: true, parting: true }).catch(() => undefined); told = ''; };
  // A page that is closed; one that comes back out of the browser's memory tells anew.
  const back = (event: PageTransitionEvent) => { if (event.persisted) void tell(); };
  window.addEventListener('pagehide', leave);
  window.addEventListener('pageshow', back);
  const timer = setInterval(() => void tell(), 20_000);
  watch(id, () => { leave(); others.value = []; void tell(); }, { immediate: true });
  watch(editing, () => void tell());
  onScopeDispose(() => { clearInterval(timer); window.removeEventListener('pagehide', leave); window.removeEventListener('pageshow', back); leave(); });
  return { others };
}
