// Who else is in this case: told every 20 seconds; the entry lives 45 seconds on the server.
import { onScopeDispose, ref, watch, type Ref } from 'vue';
import { ApiError } from '@shared/api';
import { api } from './session';
import type { Present } from './models/types';

export function use_presence(id: Ref<string>, editing: Ref<boolean>) {
  const others = ref<Present[]>([]);
  let there = true;
  async function tell(): Promise<void> {
    if (!there || !id.value || document.visibilityState === 'hidden') return;
    try {
      others.value = (await api.put<{ others: Present[] }>(`cases/${id.value}/presence`, { editing: editing.value }, { quiet: true })).others;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 405)) there = false;
      others.value = [];
    }
  }
  const leave = (from: string) => { if (there && from) void api.delete(`cases/${from}/presence`, { quiet: true }).catch(() => undefined); };
  const timer = setInterval(() => void tell(), 20_000);
  watch(id, (_now, before) => { if (before) leave(before); others.value = []; void tell(); }, { immediate: true });
  watch(editing, () => void tell());
  onScopeDispose(() => { clearInterval(timer); leave(id.value); });
  return { others };
}
