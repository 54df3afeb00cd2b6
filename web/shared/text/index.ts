// Every word that the pages say themselves stands in text/{zh,en}.ts; words of packs come from the API in both languages.
import { ref } from 'vue';
import zhShared from './zh';

export type Lang = 'zh' | 'en';
export type Texts = Record<string, string>;
const KEY = 'tongban.lang';
const tables: Record<Lang, Texts> = { zh: { ...zhShared }, en: {} };
const english: (() => Promise<{ default: Texts }>)[] = [() => import('./en')];
export const lang = ref<Lang>('zh');

/** An application adds its own words; the English ones are fetched only when English is chosen. */
export function addTexts(zh: Texts, en: () => Promise<{ default: Texts }>): void {
  Object.assign(tables.zh, zh);
  english.push(en);
}
export async function setLang(to: Lang): Promise<void> {
  if (to === 'en') for (const load of english) Object.assign(tables.en, (await load()).default);
  lang.value = to;
  document.documentElement.lang = to === 'en' ? 'en' : 'zh-CN';
  try { localStorage.setItem(KEY, to); } catch { /* private mode: the choice lasts as long as the page */ }
}
export async function startLang(): Promise<void> {
  let saved: string | null = null;
  try { saved = localStorage.getItem(KEY); } catch { /* no storage: Chinese */ }
  await setLang(saved === 'en' ? 'en' : 'zh');
}
/** The text of a key with its {parameters} filled in; an unknown key shows itself, so that it is noticed. */
export function t(key: string, values?: Record<string, string | number>): string {
  const text = tables[lang.value][key] ?? tables.zh[key] ?? key;
  if (!values) return text;
  const filled = text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
  // English counts one differently.
  return lang.value === 'en' ? filled.replace(/(?<![\d.,])1 ((?:working |full |calendar )?)(day|week|month|hour|minute|deadline|case|row)s\b/g, '1 $1$2') : filled;
}
/** A pack's words in the language of the page; Chinese, marked as such, where the pack has no English. */
export function said<T extends object>(of: T | undefined | null, member: string): { text: string; lang?: 'zh' } {
  const record = (of ?? {}) as Record<string, unknown>;
  const zh = String(record[member] ?? '');
  if (lang.value === 'zh') return { text: zh };
  const en = record[`${member}_en`];
  return typeof en === 'string' && en !== '' ? { text: en } : { text: zh, lang: zh ? 'zh' : undefined };
}
