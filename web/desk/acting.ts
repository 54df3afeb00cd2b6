// One act with its form: draft, suggestions, preview, files, sending with the key of the draft and the version read.
// The draft survives reload, sign-in and a colleague's change; 412 shows both versions.
import { serverNow } from '@shared/time';
import { nextTick, reactive, ref, shallowRef, watch } from 'vue';
import { ApiError, asProblem, newKey } from '@shared/api';
import { dropDraft, keepFile, keepOnLeaving, loadDraft, newDraft, onOther, readFile, sameDraft, saveDraft, type Draft, type DraftFile } from '@shared/drafts';
import { bodyOf, check, type Fault, type Values } from '@shared/form/schema';
import { api, draft_id } from './session';
import { load_register, pack_id } from './packs';
import type { ActionForm, Case, Decision, Preview, Problem } from './models/types';

export interface Sent { id: string; number: string; version: number; state?: string; open?: boolean; tracking_code?: string }
/** What an act is sent to: a case that is there, or the opening of a new one. */
export interface Target { path: () => string; preview: () => string; suggest?: () => string; version?: () => number; kind: string; title: string; documents?: () => string }

export function act_target(c: Case, action: string): Target {
  return {
    kind: `act:${c.id}:${action}`, title: c.number, path: () => `cases/${c.id}/actions/${action}`, preview: () => `cases/${c.id}/previews/${action}`,
    suggest: () => `cases/${c.id}/suggestions/${action}`, version: () => c.version, documents: () => `cases/${c.id}/documents`,
  };
}
export function open_target(pack: string, type: string): Target {
  const at = `packs/${encodeURIComponent(pack_id(pack))}`;
  return { kind: `open:${pack}/${type}`, title: '', path: () => `${at}/${type}`, preview: () => `${at}/types/${type}/previews` };
}

export function use_act(target: Target, form: ActionForm, initial: Values = {}) {
  const id = draft_id(target.kind);
  const kept = loadDraft<Values>(id);
  const draft = reactive(kept ?? newDraft<Values>(target.kind, { ...initial }, id)) as Draft<Values>;
  const restored = ref(!!kept && Object.keys(kept.values).some((k) => String(kept.values[k] ?? '') !== String(initial[k] ?? '')));
  const values = draft.values;
  const faults = ref<Fault[]>([]);
  const problem = ref<Problem>();
  const preview = ref<Preview>();
  const decisions = ref<Decision[]>([]);
  const suggestions = reactive<Record<string, unknown>>({});
  const busy = ref(false);
  const saved_at = ref(kept?.at ?? 0);
  const theirs = ref<Case>();
  const fields = form.fields ?? [];
  let previews = true;
  const touched = ref(restored.value);

  // What another tab writes into the same draft; until one is chosen, this tab keeps nothing over it.
  const other = shallowRef<Draft<Values>>();
  const deaf = onOther(id, (d) => (other.value = d && !sameDraft(d, draft) ? (d as Draft<Values>) : undefined));
  function take_other(): void {
    const d = other.value;
    if (!d) return;
    for (const key of Object.keys(values)) delete values[key];
    Object.assign(values, d.values);
    draft.files = d.files;
    draft.key = d.key;
    other.value = undefined;
    touched.value = true;
  }
  const keep_mine = () => { other.value = undefined; touched.value = true; keep(); };

  let save_timer: ReturnType<typeof setTimeout> | undefined;
  let look_timer: ReturnType<typeof setTimeout> | undefined;
  let sent = false;
  const keep = () => {
    if (!touched.value || sent || other.value) return; draft.title = target.title; saveDraft(JSON.parse(JSON.stringify(draft)) as Draft); saved_at.value = draft.at = serverNow();
  };
  const stay = keepOnLeaving(keep);
  const stop = watch(() => JSON.stringify(values), () => {
    clearTimeout(save_timer);
    save_timer = setTimeout(keep, 250);
    clearTimeout(look_timer);
    look_timer = setTimeout(() => void look(), 500);
    faults.value = faults.value.filter((f) => !f.field || check(fields, values).some((x) => x.field === f.field));
  });
  /** What would happen: letters, clocks, holders. Silent while the form is not complete. */
  async function look(): Promise<void> {
    if (!previews || check(fields, values).length || problem.value?.code === 'offline') { preview.value = undefined; return; }
    try {
      preview.value = await api.post<Preview>(target.preview(), bodyOf(fields, values));
    } catch (error) {
      preview.value = undefined;
      if (error instanceof ApiError && error.status === 404) previews = false;
    }
  }
  /** The table's suggestion for fields that have one; filled in while nothing else is chosen. */
  async function suggest(): Promise<void> {
    const wanted = fields.filter((f) => f.suggest);
    if (!wanted.length || !target.suggest) return;
    try {
      decisions.value = (await api.post<{ suggestions: Decision[] }>(target.suggest(), {})).suggestions;
      for (const f of wanted) {
        const [decision, output] = f.suggest!.split('.');
        const row = decisions.value.find((d) => d.decision === decision)?.suggestion as Record<string, unknown> | undefined;
        const value = row && output ? row[output] : undefined;
        if (value === undefined || value === null) continue;
        suggestions[f.id] = value;
        if (f.register) {
          const name = (await load_register(f.register).catch(() => undefined))?.get(String(value))?.name;
          if (name && !values[f.id]) values[`label_${f.id}`] = name;
        }
        if (!values[f.id]) values[f.id] = value;
      }
    } catch { /* no suggestion: the person chooses */ }
  }
  async function add_files(field: string, files: File[]): Promise<void> {
    for (const file of files) {
      const one: DraftFile = { id: newKey(), name: file.name, type: file.type, size: file.size, field };
      await keepFile(one.id, file);
      draft.files.push(one);
      touched.value = true;
    }
    keep();
  }
  function remove_file(file: DraftFile): void {
    draft.files.splice(draft.files.findIndex((f) => f.id === file.id), 1);
    keep();
  }
  async function upload(): Promise<void> {
    if (!target.documents) return;
    for (const file of draft.files) {
      if (!file.document) {
        const blob = await readFile(file.id);
        if (!blob) continue;
        const group = form.fields?.find((f) => f.id === file.field)?.group;
        const stored = await api.call<{ id: string }>('POST', target.documents(), { file: blob, headers: { 'X-File-Name': encodeURIComponent(file.name) }, query: { group } });
        file.document = stored.data.id;
        keep();
      }
    }
    for (const f of fields.filter((x) => x.kind === 'file')) {
      const ids = draft.files.filter((x) => x.field === f.id && x.document).map((x) => x.document);
      if (ids.length) values[f.id] = f.list ? ids : ids[0];
    }
  }
  async function send(extra: Values = {}): Promise<Sent | undefined> {
    if (busy.value) return undefined;
    problem.value = undefined;
    theirs.value = undefined;
    const usable = draft.files.length ? fields.filter((f) => f.kind !== 'file') : fields;
    faults.value = check(usable, { ...values, ...extra });
    if (faults.value.length) return undefined;
    busy.value = true;
    try {
      await upload();
      const sent = await api.post<Sent>(target.path(), { ...bodyOf(fields, values), ...extra }, { version: target.version?.(), key: draft.key });
      await forget();
      return sent;
    } catch (error) {
      const p = asProblem(error);
      faults.value = p.fields ?? [];
      problem.value = p;
      // A refusal decided nothing: the next attempt is a new one.
      if (error instanceof ApiError && !error.offline && error.status < 500) { draft.key = newKey(); keep(); }
      return undefined;
    } finally {
      busy.value = false;
      await nextTick();
    }
  }
  async function forget(): Promise<void> {
    sent = true;
    clearTimeout(save_timer);
    clearTimeout(look_timer);
    stop();
    await dropDraft(id);
  }
  function clear(): void {
    for (const key of Object.keys(values)) delete values[key];
    Object.assign(values, initial);
    draft.files.splice(0);
    restored.value = false;
    touched.value = false;
    saved_at.value = 0;
    void dropDraft(id);
    void suggest();
  }
  const end = () => { clearTimeout(look_timer); clearTimeout(save_timer); if (Object.keys(values).length) keep(); stop(); stay(); deaf(); };
  return { other, take_other, keep_mine, touched, draft, values, faults, problem, preview, decisions, suggestions, busy, saved_at, restored, theirs, fields, look, suggest, add_files, remove_file, send, forget, clear, keep, end };
}
