import { describe, expect, it } from 'vitest';
import { choose, cap, is_bare, spell, type Scope } from './keyboard';
import { make_ladder } from './ladder';
import { make_horizon, shown_squares } from './horizon';
import { columns_of, filters_of, next_working_day, query_of, size_of, sort_of } from './views';
import { group_of } from './groups';
import { title_from, ways_of, words_of } from './ways';
import type { Act, ActionForm, Assignment, CaseRow, DeskType } from './types';

const key = (k: string, more: Partial<KeyboardEvent> = {}) => ({ key: k, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
const scope = (name: string, ...keys: string[]): Scope => ({ name, bindings: () => keys.map((k) => ({ keys: k, label: `${name}:${k}`, run: () => undefined })) });

describe('keys', () => {
  it('spells events the same on every layout', () => {
    expect(spell(key('j'))).toBe('j');
    expect(spell(key('J', { shiftKey: true }))).toBe('shift+j');
    expect(spell(key('?', { shiftKey: true }))).toBe('?');
    expect(spell(key('¡', { altKey: true, code: 'Digit1' }))).toBe('alt+1');
    expect(spell(key('Enter', { ctrlKey: true }))).toBe('ctrl+enter');
    expect(spell(key('F2'))).toBe('f2');
  });
  it('knows which keys a text field would type', () => {
    expect(['j', '?', 'shift+x', '1'].every(is_bare)).toBe(true);
    expect(['alt+1', 'ctrl+enter', 'f4', 'escape'].some(is_bare)).toBe(false);
  });
  it('gives letters to nobody while a text field has the focus, and F-keys to all', () => {
    const scopes = [scope('frame', 'j', 'f2')];
    expect(choose(scopes, 'j', true, true, undefined, 0).binding).toBeUndefined();
    expect(choose(scopes, 'f2', true, true, undefined, 0).binding?.label).toBe('frame:f2');
  });
  it('can be switched off for letters', () => {
    const scopes = [scope('frame', 'j', 'alt+1')];
    expect(choose(scopes, 'j', false, false, undefined, 0).binding).toBeUndefined();
    expect(choose(scopes, 'alt+1', false, false, undefined, 0).binding).toBeDefined();
  });
  it('lets the newest scope win', () => {
    expect(choose([scope('frame', 'o'), scope('page', 'o')], 'o', false, true, undefined, 0).binding?.label).toBe('page:o');
  });
  it('takes sequences within a second and a half, and before the single letter', () => {
    const scopes = [scope('frame', 'g i', 'i')];
    const begun = choose(scopes, 'g', false, true, undefined, 100);
    expect(begun.binding).toBeUndefined();
    expect(choose(scopes, 'i', false, true, begun.pending, 900).binding?.keys).toBe('g i');
    expect(choose(scopes, 'i', false, true, begun.pending, 9000).binding?.keys).toBe('i');
  });
  it('writes keycaps', () => expect([cap('ctrl+enter'), cap('g i'), cap('escape')]).toEqual(['Ctrl Enter', 'G I', 'Esc']));
});

const act = (action: string, at: string, unit: string, form: Record<string, unknown> = {}): Act => ({
  action, title: action, outcome: '1', by: { role: 'r', title: 'R', unit: { id: unit, name: unit } }, at, recorded_at: at, from: '', to: '', version: 1,
  basis: { kind: 'clause', clause: 'c-' + action, document: 'd', text: '' }, form, flags: [],
});
const given = (no: number, at: string, unit: string, under = 0, ended_at?: string): Assignment => ({ no, name: under ? 'b' : 'a', title: under ? 'Below' : 'Above', under, at, active: !ended_at, unit: { id: unit, name: unit }, ended_at });
const open_state = { id: 's', title: 'S', open: true };

describe('ladder', () => {
  const now = '2026-10-20T12:00:00+08:00';
  it('is one rung where nothing was handed over', () => {
    const l = make_ladder({ acts: [act('open', '2026-10-20T11:00:00+08:00', 'desk')], assigned: [], opened_at: '2026-10-20T11:00:00+08:00', state: open_state }, now, { start: 'Start' });
    expect(l.rungs).toHaveLength(1);
    expect(l.rungs[0]).toMatchObject({ unit: 'desk', level: 0, minutes: 60 });
    expect(l.rungs[0]!.to).toBeUndefined();
  });
  it('goes down by assignments and up by returns, with the reason and the clause', () => {
    const l = make_ladder({
      opened_at: '2026-10-20T08:00:00+08:00', state: open_state,
      acts: [act('open', '2026-10-20T08:00:00+08:00', 'desk'), act('down', '2026-10-20T09:00:00+08:00', 'lead'), act('back', '2026-10-20T10:30:00+08:00', 'low', { reason: 'not ours' })],
      assigned: [given(1, '2026-10-20T08:30:00+08:00', 'lead'), given(2, '2026-10-20T09:00:00+08:00', 'low', 1, '2026-10-20T10:30:00+08:00')],
    }, now, { start: 'Start' });
    expect(l.rungs.map((r) => [r.unit, r.level, r.minutes])).toEqual([['desk', 0, 30], ['lead', 1, 30], ['low', 2, 90], ['lead', 1, 90]]);
    expect(l.rungs[2]).toMatchObject({ returned: true, reason: 'not ours', clause: 'c-back' });
    expect(l.returns).toBe(1);
    expect(l.levels).toEqual(['Start', 'Above', 'Below']);
  });
  it('leaves helpers named at the same moment beside it', () => {
    const l = make_ladder({ opened_at: '2026-10-20T08:00:00+08:00', state: open_state, acts: [act('open', '2026-10-20T08:00:00+08:00', 'desk')],
      assigned: [given(1, '2026-10-20T09:00:00+08:00', 'lead'), given(2, '2026-10-20T09:00:00+08:00', 'helper')] }, now, { start: 'Start' });
    expect(l.rungs.map((r) => r.unit)).toEqual(['desk', 'lead']);
  });
  it('stops the clock of the last holder when the case is closed', () => {
    const l = make_ladder({ opened_at: '2026-10-20T08:00:00+08:00', closed_at: '2026-10-20T09:00:00+08:00', state: { ...open_state, open: false }, acts: [], assigned: [] }, now, { start: 'Start' });
    expect(l.rungs[0]).toMatchObject({ minutes: 60, to: '2026-10-20T09:00:00+08:00' });
  });
});

describe('horizon', () => {
  const words = { late: 'late', today: 'today', holiday: (name: string, from: string, to: string) => `${name} ${from.slice(8)}-${to.slice(8)}` };
  const day = (date: string, count: number, working: boolean, holiday?: string) => ({ date, count, late: false, working, holiday });
  it('puts what is late in front, leaves bare weekends out and draws a holiday as one block', () => {
    const h = make_horizon([{ date: '2021-02-07', count: 2, late: true, working: true }, { date: '2021-02-08', count: 1, late: true, working: true }, day('2021-02-09', 3, true), day('2021-02-10', 0, true),
      ...[11, 12, 13, 14, 15, 16, 17].map((d) => day(`2021-02-${d}`, 0, false, 'Spring')), day('2021-02-18', 3, true), day('2021-02-19', 1, true), day('2021-02-20', 0, true), day('2021-02-21', 0, false), day('2021-02-22', 2, true)], '2021-02-09', words);
    expect(h.map((d) => [d.kind, d.label, d.count])).toEqual([['late', 'late', 3], ['day', 'today', 3], ['day', '10', 0], ['holiday', 'Spring 11-17', 0], ['day', '18', 3], ['day', '19', 1], ['day', '20', 0], ['day', '22', 2]]);
    expect(h.filter((d) => d.soon).map((d) => d.label)).toEqual(['10', '18']);
  });
  it('shows a day off on which something is due, and months where they change', () => {
    const h = make_horizon([day('2021-02-27', 1, false), day('2021-03-01', 0, true)], '2021-02-26', words);
    expect(h.map((d) => d.label)).toEqual(['late', '27', '3/1']);
  });
  it('draws six squares at most', () => expect([shown_squares(2), shown_squares(40)]).toEqual([2, 6]));
});

describe('views', () => {
  const mine = { unit: 'u', position: 'p' };
  it('asks for what waits for the position by default', () => expect(query_of({}, mine, '2026-11-23', [])).toEqual({ open: true, holder: 'position:p@u', to_act: true }));
  it('counts 24:00 of a day to that day', () =>
    expect(query_of({ view: 'today' }, mine, '2026-11-23', [])).toMatchObject({ holder: 'unit:u', due_from: '2026-11-23T00:00:01+08:00', due_before: '2026-11-24T00:00:01+08:00' }));
  it('goes over weekends, and over holidays where the calendar is known', () => {
    expect(next_working_day('2026-11-27', 2, [])).toBe('2026-12-01');
    expect(next_working_day('2026-11-27', 1, [{ date: '2026-11-28', working: true }])).toBe('2026-11-28');
  });
  it('takes the filters of the address and nothing that it does not know', () => {
    expect(query_of({ view: 'unit', q: 'x', state: 'a,b', due: 'late', until: '2026-11-30' }, mine, '2026-11-23', [])).toMatchObject({ q: 'x', state: 'a,b', late: true, opened_before: '2026-12-01' });
    expect([sort_of({ sort: 'evil' }), size_of({ n: '7' }), columns_of({ cols: 'title,evil' })]).toEqual(['due', 50, ['title']]);
    expect(filters_of({ view: 'unit', q: 'x', cols: 'title' })).toEqual(['q']);
  });
});

describe('groups', () => {
  const row = (due: Partial<NonNullable<CaseRow['due']>> | undefined, paused = false) => ({ id: '1', fields: {}, paused, due: due && { clock: 'c', title: 'C', at: '2026-11-24T00:00:00+08:00', provisional: false, remaining: 0, late: false, ...due } }) as unknown as CaseRow;
  it('follow the deadline', () => {
    expect(group_of(row({ remaining: -1, late: true }), '2026-11-23')).toBe('late');
    expect(group_of(row({ remaining: 0 }), '2026-11-23')).toBe('today');
    expect(group_of(row({ remaining: 2 }), '2026-11-23')).toBe('soon');
    expect(group_of(row({ remaining: 3 }), '2026-11-23')).toBe('later');
    expect(group_of(row({ remaining: 1, provisional: true }), '2026-11-23')).toBe('soon');
    expect(group_of(row({ remaining: -1 }, true), '2026-11-23')).toBe('paused');
    expect(group_of(row(undefined), '2026-11-23')).toBe('none');
  });
});

describe('ways to settle a call', () => {
  const form = (id: string, more: Partial<ActionForm> = {}): ActionForm => ({ id, title: id, form: {}, fields: [], from: ['new'], by: ['desk'], ...more });
  const type = (actions: ActionForm[], ways?: DeskType['ways']): DeskType => ({ id: 't', title: 'T', title_en: '', pack: 'p', document: '', groups: [], states: ['new', 'b', 'c', 'd'].map((id) => ({ id, title: id, public_title: id, final: false })), open: form('open', { by: ['anyone', 'desk'] }), actions, ways });
  it('come from the pack where it says them', () => expect(ways_of(type([], [{ id: 'w', title: 'W', action: 'open' }])).map((w) => w.id)).toEqual(['w']));
  it('are else the next acts of those who may open, one for each short choice', () => {
    const choice = { id: 'how', kind: 'one_of', list: false, title: '', title_en: '', help: '', help_en: '', must: true, personal: false, group: '', options: [{ id: 'x', title: 'X' }, { id: 'y', title: 'Y' }] } as const;
    const answer = { ...choice, id: 'article', kind: 'entry', register: 'faq', options: undefined } as const;
    const ways = ways_of(type([form('other', { by: ['boss'] }), form('late', { from: ['c'] }), form('any', { from: ['new', 'b', 'c'] }), form('take', { primary: true }), form('join', { fields: [{ ...choice, options: [...choice.options] }] }), form('answer', { fields: [{ ...answer }] })]), (r) => r === 'faq');
    expect(ways.map((w) => w.id)).toEqual(['answer', 'join.x', 'join.y', 'take', 'open']);
    expect(ways[1]!.with).toEqual({ how: 'x' });
  });
  it('make a title of the first sentence', () => {
    expect(title_from('Lamp is out. Three days.', 30)).toBe('Lamp is out. Three days.');
    expect(title_from('路灯坏了三天。请修', 30)).toBe('路灯坏了三天');
    expect([...title_from('𠮷'.repeat(40), 30)]).toHaveLength(30);
    expect(words_of('一，二！三')).toBe('一 二 三');
  });
});
