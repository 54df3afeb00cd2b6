// What runs here, read once: packs, case types with their forms, and names of register entries as they are needed.
import { reactive, shallowReactive } from 'vue';
import { api } from './session';
import { said } from '@shared/text';
import type { ActionForm, DeskType, FormField, PackInfo, RegisterEntry } from './models/types';

const types = shallowReactive(new Map<string, DeskType>()); // "pack/type"
const asked = new Map<string, Promise<DeskType | undefined>>();
let packs_asked: Promise<PackInfo[]> | undefined;
export const packs = reactive({ items: [] as PackInfo[] });

/** "hotline@2021-01-29" or "hotline": the pack's id alone. */
export const pack_id = (pinned: string): string => pinned.split('@')[0]!;

export function load_packs(): Promise<PackInfo[]> {
  packs_asked ??= api.get<{ items: PackInfo[] }>('packs').then((a) => (packs.items = a.items)).catch((e) => { packs_asked = undefined; throw e; });
  return packs_asked;
}
export function type_of(key: string): DeskType | undefined {
  if (!types.has(key) && key.includes('/')) void load_type(key);
  return types.get(key);
}
export function load_type(key: string): Promise<DeskType | undefined> {
  const known = asked.get(key);
  if (known) return known;
  const [pack, type] = key.split('/');
  const ask = api.get<DeskType>(`packs/${encodeURIComponent(pack!)}/types/${encodeURIComponent(type!)}`)
    .then((got) => {
      for (const form of [got.open, ...got.actions]) form.fields ??= [];
      types.set(key, got);
      return got;
    })
    .catch(() => { asked.delete(key); return undefined; });
  asked.set(key, ask);
  return ask;
}

/** All fields a type names anywhere, by id: titles and options for showing values. */
export function field_of(type: DeskType | undefined, id: string): FormField | undefined {
  if (!type) return undefined;
  const direct = type.fields?.find((f) => f.id === id) ?? type.open.fields?.find((f) => f.id === id);
  if (direct) return direct;
  for (const action of type.actions) {
    const found = action.fields?.find((f) => f.id === id);
    if (found) return found;
  }
  return undefined;
}
export const action_of = (type: DeskType | undefined, id: string): ActionForm | undefined => type?.actions.find((a) => a.id === id);

/** The words of a coded value: an option's title, a register entry's name. */
export function value_words(type: DeskType | undefined, id: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return '';
  if (Array.isArray(value)) return value.map((v) => value_words(type, id, v)).filter(Boolean).join('、');
  if (typeof value === 'object') return String((value as { name?: string; title?: string }).name ?? (value as { title?: string }).title ?? '');
  const field = field_of(type, id);
  const option = field?.options?.find((o) => o.id === value);
  if (option) return said(option, 'title').text;
  if (field?.register) return entry_name(field.register, String(value));
  return String(value);
}

// Names of register entries: a register is read page by page, the first time a name of it is needed.
const entries = shallowReactive(new Map<string, Map<string, RegisterEntry>>());
const reading = new Map<string, Promise<Map<string, RegisterEntry>>>();
export function load_register(register: string): Promise<Map<string, RegisterEntry>> {
  const known = reading.get(register);
  if (known) return known;
  const all = (async () => {
    const found = new Map<string, RegisterEntry>();
    let after: string | undefined;
    for (let page = 0; page < 60; page++) {
      const got = await api.get<{ items: RegisterEntry[]; next?: string }>(`registers/${encodeURIComponent(register)}`, { query: { after } });
      for (const e of got.items) found.set(e.id, e);
      after = got.next;
      if (!after) break;
    }
    entries.set(register, found);
    return found;
  })();
  all.catch(() => reading.delete(register));
  reading.set(register, all);
  return all;
}
export function entry_name(register: string, id: string): string {
  const known = entries.get(register);
  if (!known) { void load_register(register).catch(() => undefined); return ''; }
  return known.get(id)?.name ?? id;
}
export function entry_of(register: string, id: string): RegisterEntry | undefined {
  return entries.get(register)?.get(id);
}
