// One act on several cases, one after the other: each with its own version and key, each result told. Nothing is done
// for a case that changed since it was read.
import { reactive, ref } from 'vue';
import { asProblem, newKey } from '@shared/api';
import { bodyOf, type Values } from '@shared/form/schema';
import { api } from './session';
import { action_of, load_type, pack_id } from './packs';
import { case_title } from './order';
import type { ActionForm, Case, Decision, DeskType } from './models/types';

export interface Loaded { c: Case; type: DeskType }
export interface Outcome { id: string; title: string; done: boolean; words: string }

export async function load_case(id: string): Promise<Loaded | undefined> {
  try {
    const c = await api.get<Case>(`cases/${id}`);
    const type = await load_type(`${pack_id(c.pack)}/${c.type.id}`);
    return type ? { c, type } : undefined;
  } catch { return undefined; }
}
/** Acts that every one of the cases offers to this person. */
export function common_actions(cases: Loaded[]): ActionForm[] {
  const first = cases[0];
  if (!first || cases.some((x) => x.type.id !== first.type.id || x.type.pack !== first.type.pack)) return [];
  return first.c.actions
    .filter((a) => a.offered && cases.every((x) => x.c.actions.some((b) => b.action === a.action && b.offered)))
    .map((a) => action_of(first.type, a.action))
    .filter((a): a is ActionForm => !!a)
    .sort((a, b) => Number(b.primary ?? false) - Number(a.primary ?? false));
}
/** The values that the tables suggest for an act on a case; undefined where a suggested field stays open. */
export async function suggested(id: string, form: ActionForm): Promise<{ values: Values; decisions: Decision[] } | undefined> {
  const wanted = (form.fields ?? []).filter((f) => f.suggest);
  try {
    const decisions = (await api.post<{ suggestions: Decision[] }>(`cases/${id}/suggestions/${form.id}`, {})).suggestions;
    const values: Values = {};
    for (const f of wanted) {
      const [decision, output] = f.suggest!.split('.');
      const row = decisions.find((d) => d.decision === decision)?.suggestion as Record<string, unknown> | undefined;
      const value = row && output ? row[output] : undefined;
      if (value !== undefined && value !== null) values[f.id] = value;
      else if (f.must) return undefined;
    }
    return { values, decisions };
  } catch { return undefined; }
}
export function use_batch() {
  const busy = ref(false);
  const outcomes = reactive<Outcome[]>([]);
  async function run(cases: Loaded[], form: ActionForm, values: Values, with_suggestions: boolean, words: { done: string; open: string }): Promise<number> {
    busy.value = true;
    outcomes.splice(0);
    let done = 0;
    for (const { c, type } of cases) {
      const title = case_title(c, type);
      let body = bodyOf(form.fields ?? [], values);
      if (with_suggestions) {
        const own = await suggested(c.id, form);
        if (!own) { outcomes.push({ id: c.id, title, done: false, words: words.open }); continue; }
        body = { ...own.values, ...body };
      }
      try {
        await api.post(`cases/${c.id}/actions/${form.id}`, body, { version: c.version, key: newKey() });
        outcomes.push({ id: c.id, title, done: true, words: words.done });
        done++;
      } catch (error) {
        const p = asProblem(error);
        outcomes.push({ id: c.id, title, done: false, words: [p.detail, ...(p.conditions ?? []).map((x) => x.sentence), ...(p.fields ?? []).map((x) => x.sentence)].filter((x, i, all) => x && all.indexOf(x) === i).join(' ') });
        if (p.code === 'offline') break;
      }
    }
    busy.value = false;
    return done;
  }
  return { busy, outcomes, run };
}
