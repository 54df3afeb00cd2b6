import { describe, expect, it } from 'vitest';
import type { FormField } from '../types';
import { bodyOf, check, fromSchema, showValue, shows } from './schema';

const field = (id: string, more: Partial<FormField> = {}): FormField => ({ id, kind: 'text', list: false, title: id, title_en: '', help: '', help_en: '', must: false, personal: false, group: '', ...more });

describe('what a page can say before the server does', () => {
  const phone = field('phone', { kind: 'phone', must: true, pattern: '^\\+?[0-9 ()-]{7,24}$' });
  it('counts the digits of a mobile number', () => {
    expect(check([phone], { phone: '1380013560' })[0].sentence).toContain('少了 1 位');
    expect(check([phone], { phone: '138001356077' })[0].sentence).toContain('多了 1 位');
    expect(check([phone], { phone: '138 0013 5607' })).toEqual([]);
    expect(check([phone], { phone: '+86 13800135607' })).toEqual([]);
    expect(check([phone], { phone: '023-63851234' })).toEqual([]);
    expect(check([phone], { phone: 'abc' })[0].sentence).toContain('电话号码');
  });
  it('asks for what must be there, in the words of the pack when it has some', () => {
    expect(check([phone], {})[0]).toEqual({ field: 'phone', sentence: '请填写phone。' });
    expect(check([{ ...phone, says: { missing: '请留个电话。' } }], { phone: '  ' })[0].sentence).toBe('请留个电话。');
  });
  it('counts characters as people do: 𠮷 is one', () => {
    const text = field('x', { max_length: 3 });
    expect(check([text], { x: '𠮷𠮷𠮷' })).toEqual([]);
    expect(check([text], { x: '𠮷𠮷𠮷𠮷' })[0].sentence).toContain('现在 4 个');
  });
  it('bounds numbers', () => {
    const n = field('n', { kind: 'number', min: '0', max: '10' });
    expect(check([n], { n: '-1' })).toHaveLength(1);
    expect(check([n], { n: '10' })).toEqual([]);
    expect(check([n], { n: '1e3' })).toHaveLength(1);
  });
});

describe('fields that show only then', () => {
  const why = field('why', { must: true, show_if: { field: 'rating', in: ['bad', 'worse'] } });
  it('are asked for and sent only when they show', () => {
    expect(shows(why, { rating: 'good' })).toBe(false);
    expect(check([why], { rating: 'good' })).toEqual([]);
    expect(check([why], { rating: 'bad' })).toHaveLength(1);
    expect(bodyOf([field('rating'), why], { rating: 'good', why: 'old words' })).toEqual({ rating: 'good' });
    expect(bodyOf([field('rating'), why], { rating: 'bad', why: ' words ' })).toEqual({ rating: 'bad', why: 'words' });
  });
  it('show always where only the server can tell', () => expect(shows(field('x', { show_if: { formula: 'case.y > 3' } }), {})).toBe(true));
});

it('reads fields from the schema of a server that gives no list', () => {
  const fields = fromSchema({
    required: ['kind', 'when'],
    properties: {
      kind: { type: 'string', enum: ['a', 'b'], title: '类别', 'x-labels': { a: '甲', b: '乙' } }, when: { type: 'string', format: 'date', title: '日期' }, place: { type: 'string', 'x-register': 'divisions', title: '地点' },
      story: { type: 'string', maxLength: 5000, title: '内容' }, files: { type: 'array', items: { type: 'string', format: 'uuid' }, title: '附件' }, why_kind: { type: 'string' },
    },
  });
  expect(fields.map((f) => [f.id, f.kind, f.must, f.list])).toEqual([['kind', 'one_of', true, false], ['when', 'date', true, false], ['place', 'entry', false, false], ['story', 'long_text', false, false], ['files', 'file', false, true]]);
  expect(showValue(fields[0], 'b')).toBe('乙');
  expect(showValue(fields[2], { id: '1', name: '渝中区' })).toBe('渝中区');
});
