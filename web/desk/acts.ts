// An act in one line: its title, and the first words that were written with it.
import { said } from '@shared/text';
import type { Act } from './models/types';
import { text_of } from './order';

export function act_words(act: Act, most = 46): string {
  const words = Object.values(act.form).filter((v) => typeof v === 'string' && v.length > 3 && !/^\d{4}-\d\d-\d\dT/.test(v)).map(text_of);
  const to = Object.values(act.form).find((v) => v && typeof v === 'object' && !Array.isArray(v) && 'name' in v);
  const more = act.action === 'open' ? '' : (words[0] ?? text_of(to));
  const title = said(act, 'title').text;
  return more ? `${title}：${more.length > most ? more.slice(0, most) + '…' : more}` : title;
}
