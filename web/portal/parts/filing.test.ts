import { describe, expect, it } from 'vitest';
import type { CaseType, FormField } from '@shared/types';
import { summaryOf, topicsOf } from './filing';

const field = (id: string, kind: FormField['kind'], more: Partial<FormField> = {}): FormField => ({ id, kind, list: false, title: id, title_en: '', help: '', help_en: '', must: true, personal: false, group: '', ...more });
const type = (fields: FormField[], title_field: string): CaseType => ({ id: 't', title: 't', title_en: '', pack: 'p', document: '', title_field, groups: [], states: [], actions: [], open: { id: 'open', title: 'open', form: {}, fields } });

describe('topics from a form alone', () => {
  it('puts story, place, photos and contact on pages of their own', () => {
    const t = topicsOf(type([field('title', 'text'), field('content', 'long_text'), field('kind', 'one_of'), field('division', 'entry', { register: 'divisions' }), field('address', 'text'), field('phone', 'phone', { personal: true }), field('name', 'text', { personal: true, must: false }), field('secret', 'yes_no', { must: false }), field('area', 'one_of', { must: false }), field('files', 'file', { list: true, must: false })], 'title'));
    expect(t.topics).toEqual(['what', 'where', 'photos', 'contact']);
    expect(t.fields.what.map((f) => f.id)).toEqual(['content', 'kind', 'title']);
    expect(t.fields.where.map((f) => f.id)).toEqual(['division', 'address']);
    expect(t.fields.contact.map((f) => f.id)).toEqual(['phone', 'name', 'secret']);
    expect(t.more.map((f) => f.id)).toEqual(['area']);
  });
  it('leaves out pages that have nothing to ask', () => {
    const t = topicsOf(type([field('what', 'text'), field('found_on', 'date'), field('found_where', 'text'), field('finder_phone', 'phone', { personal: true })], 'what'));
    expect(t.topics).toEqual(['what', 'where', 'contact']);
    expect(t.title).toBeUndefined();
  });
});

describe('a summary from the story', () => {
  it('is its first sentence, or its first clauses when that is long', () => {
    expect(summaryOf('路灯坏了。已经三天。', 60)).toBe('路灯坏了');
    expect(summaryOf('解放西路66号门口到公交站这一段，5盏路灯从2月1日晚上开始不亮，晚上接孩子看不清台阶。', 60)).toBe('解放西路66号门口到公交站这一段');
    expect(summaryOf('你好，我要反映小区楼下餐馆每天晚上排放油烟，一直到半夜十二点，全家都睡不着觉。', 60)).toBe('你好，我要反映小区楼下餐馆每天晚上排放油烟');
  });
  it('never exceeds its length, counted in characters', () => expect([...summaryOf('𠮷'.repeat(100), 60)]).toHaveLength(60));
});
