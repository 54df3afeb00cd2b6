// A pack's form as the page needs it: its fields, which of them show, what is wrong with the values, and the body to
// send. The server checks the same again; its sentences land at the same fields.
import { lang, said, t } from '../text';
import type { ActionForm, FieldKind, FormField, JsonSchema } from '../types';

export type Values = Record<string, unknown>;
export interface Fault { field: string; sentence: string }

/** Fields of an action, in order; from its JSON Schema where the server gives no list. */
export function fieldsOf(action: ActionForm): FormField[] {
  return action.fields ?? fromSchema(action.form);
}
export function fromSchema(schema: JsonSchema): FormField[] {
  return Object.entries(schema.properties ?? {}).filter(([id]) => !id.startsWith('why_')).map(([id, outer]) => {
    const list = outer.type === 'array';
    const s = (list ? outer.items : outer) as Record<string, unknown>;
    const labels = (outer['x-labels'] ?? s['x-labels'] ?? {}) as Record<string, string>;
    const kind: FieldKind = Array.isArray(s.enum) ? 'one_of' : s['x-register'] ? 'entry' : s.format === 'date' ? 'date' : s.format === 'date-time' ? 'instant' : s.format === 'uuid' ? 'file'
      : s.type === 'boolean' ? 'yes_no' : Array.isArray(s.type) ? 'number' : typeof s.maxLength === 'number' && s.maxLength > 1000 ? 'long_text' : typeof s.maxLength === 'number' ? 'text' : 'phone';
    return {
      id, kind, list, title: String(outer.title ?? id), title_en: '', help: String(outer.description ?? ''), help_en: '', must: (schema.required ?? []).includes(id),
      personal: !!outer['x-personal'], group: String(outer['x-group'] ?? ''), max_length: s.maxLength as number | undefined, register: s['x-register'] as string | undefined,
      options: Array.isArray(s.enum) ? (s.enum as string[]).map((o) => ({ id: o, title: labels[o] ?? o })) : undefined, suggest: outer['x-suggest'] as string | undefined,
      pattern: kind === 'phone' ? '^\\+?[0-9 ()-]{7,24}$' : undefined,
    };
  });
}

export const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '' || (typeof value === 'string' && value.trim() === '') || (Array.isArray(value) && value.length === 0);
export const countOf = (text: unknown): number => [...String(text ?? '')].length;
const same = (a: unknown, b: unknown): boolean => a === b || String(a) === String(b);

export function shows(field: FormField, values: Values): boolean {
  const rule = field.show_if;
  if (!rule || 'formula' in rule) return true;
  const value = values[rule.field];
  return 'in' in rule ? rule.in.some((one) => same(one, value)) : same(rule.equals, value ?? false);
}
export const titleOf = (of: object | undefined | null): string => said(of, 'title').text;
function sentence(field: FormField, name: 'missing' | 'format', fallback: string): string {
  const says = field.says as Record<string, string> | undefined;
  return (lang.value === 'en' ? says?.[`${name}_en`] : undefined) ?? (lang.value === 'zh' ? says?.[name] : undefined) ?? fallback;
}

/** What a page can say before the server does. */
export function checkField(field: FormField, values: Values): string | undefined {
  if (!shows(field, values)) return undefined;
  const value = values[field.id];
  const choice = field.kind === 'one_of' || field.kind === 'entry' || field.kind === 'yes_no';
  if (isEmpty(value)) return field.must ? sentence(field, 'missing', t(choice ? 'form.missingChoice' : 'form.missing', { title: titleOf(field) })) : undefined;
  for (const one of Array.isArray(value) ? value : [value]) {
    const text = String(one).trim();
    switch (field.kind) {
      case 'text': case 'long_text':
        if (field.max_length && countOf(text) > field.max_length) return t('form.tooLong', { max: field.max_length, n: countOf(text) });
        break;
      case 'phone': {
        const digits = text.replace(/^\+?86/, '').replace(/[ ()-]/g, '');
        if (/^1[3-9]\d*$/.test(digits) && digits.length !== 11 && !text.startsWith('0')) return t(digits.length < 11 ? 'form.phoneShort' : 'form.phoneLong', { n: Math.abs(11 - digits.length) });
        if (!new RegExp(field.pattern ?? '^\\+?[0-9 ()-]{7,24}$').test(text)) return sentence(field, 'format', t('form.phone'));
        break;
      }
      case 'number':
        if (!/^-?[0-9]+(\.[0-9]+)?$/.test(text)) return sentence(field, 'format', t('form.number'));
        if (field.min !== undefined && Number(text) < Number(field.min)) return t('form.min', { n: field.min });
        if (field.max !== undefined && Number(text) > Number(field.max)) return t('form.max', { n: field.max });
        break;
      case 'date': if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return sentence(field, 'format', t('form.date')); break;
      case 'limit': if (field.pattern && !new RegExp(field.pattern).test(text)) return sentence(field, 'format', t('form.number')); break;
      default:
    }
  }
  return undefined;
}
export function check(fields: FormField[], values: Values): Fault[] {
  return fields.flatMap((field) => { const sentence = checkField(field, values); return sentence ? [{ field: field.id, sentence }] : []; });
}
/** Only what shows and is filled goes to the server. */
export function bodyOf(fields: FormField[], values: Values): Values {
  const body: Values = {};
  for (const field of fields) {
    const value = values[field.id];
    if (!shows(field, values) || isEmpty(value)) continue;
    body[field.id] = typeof value === 'string' ? value.trim() : value;
    const why = values[`why_${field.id}`];
    if (field.suggest && !isEmpty(why)) body[`why_${field.id}`] = String(why).trim();
  }
  return body;
}
/** How an answer reads on a check page or in a list: names of options and entries. */
export function showValue(field: FormField | undefined, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => showValue(field ? { ...field, list: false } : undefined, one)).join(t('list.and'));
  if (value === true || value === false) return t(value ? 'form.yes' : 'form.no');
  if (value && typeof value === 'object') {
    const o = value as { id?: string; name?: string; n?: number; unit?: string };
    if (o.n !== undefined && o.unit) return t(`unit.${o.unit}`, { n: o.n });
    const option = field?.options?.find((x) => x.id === o.id);
    return option ? titleOf(option) : (o.name ?? o.id ?? '');
  }
  const option = field?.options?.find((x) => x.id === value);
  return option ? titleOf(option) : value === undefined || value === null ? '' : String(value);
}
