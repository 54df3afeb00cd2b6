// One case as the desk holds it: read, read again when it changes, with its type; personal data with a purpose.
import { computed, ref, shallowRef, watch, type Ref } from 'vue';
import { ApiError, asProblem } from '@shared/api';
import { api } from './session';
import { load_type, pack_id } from './packs';
import { action_of } from './packs';
import { on_change } from './live';
import type { ActionForm, Case, DeskType, Offer, Problem } from './models/types';

export interface Offered { offer: Offer; form: ActionForm; key: string }
export function use_case(id: Ref<string>) {
  const found = shallowRef<Case>();
  const type = shallowRef<DeskType>();
  const problem = ref<Problem>();
  const loading = ref(false);
  const purpose = ref('');
  let turn = 0;
  let newest = Promise.resolve();
  /** Resolves when the case stands there as of now: a reading that a later one overtook waits for that one. */
  function load(keep = true): Promise<void> { return (newest = read(++turn, keep)); }
  async function read(mine: number, keep: boolean): Promise<void> {
    if (!id.value) { found.value = undefined; return; }
    if (!keep) { found.value = undefined; loading.value = true; }
    problem.value = undefined;
    try {
      const answer = await api.call<Case>('GET', `cases/${encodeURIComponent(id.value)}`, { purpose: purpose.value || undefined });
      if (mine !== turn) return newest;
      const of = await load_type(`${pack_id(answer.data.pack)}/${answer.data.type.id}`);
      if (mine !== turn) return newest;
      type.value = of;
      found.value = answer.data;
    } catch (error) {
      if (mine !== turn) return newest;
      if (!(error instanceof ApiError && error.offline && found.value)) problem.value = asProblem(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  watch(id, () => { purpose.value = ''; void load(false); }, { immediate: true });
  on_change((change) => { if (!change || change.case === found.value?.id) void load(); });

  const offered = computed<Offered[]>(() => with_keys(found.value, type.value));
  const refused = computed(() => (found.value?.actions ?? []).filter((a) => !a.offered));
  return { found, type, problem, loading, purpose, load, offered, refused };
}

// Letters the frame and the lists use themselves.
const taken = new Set(['j', 'k', 'o', 'g', '/', '?', 'x']);
/** The acts that are offered: the usual next step first; letters come from the pack, digits serve the rest. */
export function with_keys(c: Case | undefined, type: DeskType | undefined): Offered[] {
  if (!c || !type) return [];
  const list = c.actions.filter((a) => a.offered).map((offer) => ({ offer, form: action_of(type, offer.action)! })).filter((o) => o.form);
  list.sort((a, b) => Number(b.form.primary ?? false) - Number(a.form.primary ?? false));
  const used = new Set(taken);
  let digit = 1;
  return list.map((o) => {
    let key = o.form.key ?? '';
    if (!key || used.has(key)) key = digit <= 9 ? String(digit++) : '';
    used.add(key);
    return { ...o, key };
  });
}
/** Fields shown as facts: their group's title, in the order of the type. */
export function text_of(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(text_of).filter(Boolean).join('、');
  if (typeof value === 'object') return String((value as { name?: unknown; title?: unknown }).name ?? (value as { title?: unknown }).title ?? '');
  return String(value);
}
export function case_title(c: Case, type: DeskType | undefined): string {
  if (c.title) return c.title;
  const named = text_of(type?.title_field ? c.fields[type.title_field] : undefined);
  return named || text_of(Object.values(c.fields).find((v) => typeof v === 'string')) || c.number;
}
