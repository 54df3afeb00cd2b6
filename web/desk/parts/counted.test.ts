// @vitest-environment jsdom
import { createApp, h, nextTick, type Component } from 'vue';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addTexts, setLang } from '@shared/text';
import zh from '../text/zh';
import type { Act, DaysCounted, Decision, DeskType } from '../models/types';
import { decided_words, decisions_of } from '../models/decisions';
import { say_counted } from '../models/counted';
import CountedDays from './CountedDays.vue';
import DecisionLines from './DecisionLines.vue';

beforeEach(() => setLang('zh'));
beforeAll(() => addTexts(zh, () => import('../text/en')));
const show = async (component: Component, props: Record<string, unknown>): Promise<HTMLElement> => {
  const box = document.createElement('div');
  createApp({ render: () => h(component, props) }).mount(box);
  await nextTick();
  return box;
};
const counted = (more: Partial<DaysCounted> & { days?: Partial<DaysCounted['counted']> } = {}): DaysCounted => {
  const { days, ...rest } = more;
  return {
    function: 'working days after', sentence: '自2026年10月20日（星期二）起15个工作日。\n', provisional: false,
    counted: { start: '2026-10-20T00:00:00+08:00', unit: 'working_days', n: 15, kind: 'deadline', first_counted: '2026-10-21', raw_end: '2026-11-10', due_on: '2026-11-10', due_at: '2026-11-11T00:00:00+08:00', provisional: false, edition: '2026', specials: [], ...days },
    ...rest,
  };
};
const line = (more: Parameters<typeof counted>[0]) => say_counted([counted(more)])[0]!.text;

describe('counted days', () => {
  it('says from, to and how many, for each function', () => {
    expect(line({})).toBe('2026年10月20日（周二）起 15 个工作日，当日不计入，到 2026年11月10日（周二）');
    expect(line({ days: { kind: 'backward', n: 3, due_on: '2026-10-15' } })).toBe('2026年10月20日（周二）以前 3 个工作日，当日不计入，到 2026年10月15日（周四）');
    expect(line({ function: 'next working day', days: { n: 1, due_on: '2026-10-21' } })).toBe('2026年10月20日（周二）以后的下一个工作日是 2026年10月21日（周三）');
    expect(line({ function: 'working days between', days: { n: -4, due_on: '2026-10-14' } })).toBe('2026年10月20日（周二）（不计入）至 2026年10月14日（周三），共 -4 个工作日');
    expect(line({ function: 'is working day', days: { n: 1, due_on: '2026-10-10' } })).toBe('2026年10月10日（周六）是工作日');
    expect(line({ function: 'is working day', days: { n: 0, due_on: '2026-10-11' } })).toBe('2026年10月11日（周日）是休息日');
  });
  it('speaks English', async () => {
    await setLang('en');
    expect(line({})).toBe('15 working days after Tue 20 Oct 2026, that day not counted: Tue 10 Nov 2026');
    await setLang('zh');
  });
  it('tells the same count once, and counts for different things each', () => {
    expect(say_counted([counted(), counted()])).toHaveLength(1);
    expect(say_counted([counted({ of: 'a', title: '甲' }), counted({ of: 'b', title: '乙' })]).map((one) => one.of)).toEqual(['甲', '乙']);
  });
  it('shows the words, the thing they are for, and day by day in a fold', async () => {
    const box = await show(CountedDays, { counted: [counted({ of: 'due', title: '预计答复日' })] });
    expect(box.querySelector('p')!.textContent).toContain('预计答复日 2026年10月20日（周二）起 15 个工作日');
    expect(box.querySelector('details')!.textContent).toContain('自2026年10月20日（星期二）起15个工作日。');
    expect(box.querySelector('.provisional')).toBeNull();
  });
  it('marks what a calendar to come may change', async () => {
    const box = await show(CountedDays, { counted: [counted({ provisional: true })] });
    expect(box.querySelector('.provisional')!.textContent).toContain('暂定');
  });
  it('is nothing where nothing was counted', async () => {
    expect((await show(CountedDays, {})).textContent).toBe('');
    expect((await show(CountedDays, { counted: [] })).textContent).toBe('');
  });
});

const act = (action: string, version: number): Act => ({ action, title: action, outcome: '', by: { role: 'r', title: 'R' }, at: '', recorded_at: '', from: '', to: '', version, basis: { kind: 'clause', text: '' }, form: {}, flags: [] });
const decision = (name: string, event: number | undefined, more: Partial<Decision> = {}): Decision => ({ decision: name, title: name, suggestion: {}, decided_by: 2, complete: true, matched: [2], inputs: {}, missing: [], bases: [], event, ...more });

describe('decisions of an act', () => {
  it('are those between it and the next', () => {
    const of = { acts: [act('open', 2), act('dispatch', 7), act('hand_down', 20)], decisions: [decision('routing', 8), decision('limit', 9), decision('near', 21), decision('asked', undefined)] };
    expect(of.acts.map((a) => decisions_of(of, a).map((d) => d.decision))).toEqual([[], ['routing', 'limit'], ['near']]);
  });
  it('are told by name, limit and field, and leave out what has no words', () => {
    const type = { actions: [{ fields: [{ id: 'lead', kind: 'entry', register: 'units', suggest: 'routing.lead' }] }], fields: [{ id: 'counted', kind: 'yes_no', title: '计入满意率' }] } as unknown as DeskType;
    expect(decided_words(decision('routing', 8, { choice: { lead: 'u1' } }), type, (register, id) => `${register}/${id}`)).toEqual(['units/u1']);
    expect(decided_words(decision('limit', 8, { choice: { limit: { n: 15, unit: 'working_days' } } }), type, () => '')).toEqual(['15 个工作日']);
    expect(decided_words(decision('class', 8, { choice: { bad: false, counted: true } }), type, () => '')).toEqual(['计入满意率 是']);
  });
  it('stand with their row, reason and counted days', async () => {
    const box = await show(DecisionLines, { decisions: [decision('routing', 8, { title: '建议的单位', sentence: '因为复杂程度。', mode: 'overridden', reason: '人手不足', counted: [counted({ provisional: true })] })], type: { actions: [], fields: [] }, pack: 'p' });
    expect(box.textContent).toContain('建议的单位');
    expect(box.textContent).toContain('决策表第 2 行，因为复杂程度。');
    expect(box.textContent).toContain('没有采用建议，理由：人手不足');
    expect(box.textContent).toContain('15 个工作日');
    expect(box.querySelector('.provisional')).not.toBeNull();
  });
});
