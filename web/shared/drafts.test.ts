// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dropDraft, listDrafts, loadDraft, newDraft, onOther, saveDraft, wipeDrafts } from './drafts';

beforeEach(() => localStorage.clear());
describe('drafts on the device', () => {
  it('are found again, newest first, by kind', () => {
    vi.useFakeTimers({ now: 1000 });
    const a = newDraft('open:x/y', { text: '一' });
    saveDraft(a);
    vi.setSystemTime(2000);
    const b = newDraft('act:1:reply', { text: '二' });
    saveDraft(b);
    expect(listDrafts().map((d) => d.id)).toEqual([b.id, a.id]);
    expect(listDrafts('open:x/y').map((d) => d.id)).toEqual([a.id]);
    expect(loadDraft<{ text: string }>(a.id)?.values.text).toBe('一');
    vi.useRealTimers();
  });
  it('keep the key of their submission, so that sending twice files once', () => {
    const a = newDraft('open:x/y', {});
    saveDraft(a);
    expect(loadDraft(a.id)?.key).toBe(a.key);
    expect(newDraft('open:x/y', {}).key).not.toBe(a.key);
  });
  it('live on in memory where storage is full or switched off, and say so', () => {
    const full = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => { throw new Error('quota'); });
    const a = newDraft('open:x/y', { text: '留住' });
    expect(saveDraft(a)).toBe(false);
    expect(loadDraft<{ text: string }>(a.id)?.values.text).toBe('留住');
    full.mockRestore();
    expect(saveDraft(a)).toBe(true);
  });
  it('are gone after dropping and after wiping', async () => {
    const a = newDraft('open:x/y', {}), b = newDraft('open:x/y', {});
    saveDraft(a); saveDraft(b);
    await dropDraft(a.id);
    expect(listDrafts().map((d) => d.id)).toEqual([b.id]);
    await wipeDrafts();
    expect(listDrafts()).toEqual([]);
  });
  it('tell when another tab wrote, not when this one did', () => {
    const a = newDraft('open:x/y', {});
    saveDraft(a);
    const heard: unknown[] = [];
    const stop = onOther(a.id, (d) => heard.push(d?.values));
    const key = `tongban.draft.${a.id}`;
    window.dispatchEvent(new StorageEvent('storage', { key, newValue: localStorage.getItem(key) }));
    window.dispatchEvent(new StorageEvent('storage', { key, newValue: JSON.stringify({ ...a, values: { x: 1 }, writer: 'another' }) }));
    stop();
    expect(heard).toEqual([{ x: 1 }]);
  });
});
