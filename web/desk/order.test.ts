// A case that is read again while it is being read.
import { describe, expect, it, vi } from 'vitest';
import { ref } from 'vue';

const answers: ((version: number) => void)[] = [];
vi.mock('./session', () => ({
  api: { call: () => new Promise((done) => answers.push((version) => done({ data: { id: 'c', version, pack: 'p@1', type: { id: 't' } } }))) },
}));
vi.mock('./packs', () => ({ load_type: () => Promise.resolve({}), pack_id: (pack: string) => pack, action_of: () => undefined }));
let tell: (change?: { case: string }) => void = () => {};
vi.mock('./live', () => ({ on_change: (listener: typeof tell) => { tell = listener; } }));
const { use_case } = await import('./order');

describe('a case on the desk', () => {
  it('is what the newest reading says when a reading that was overtaken is waited for', async () => {
    const { found, load } = use_case(ref('c'));
    answers.shift()!(1);
    await vi.waitFor(() => expect(found.value?.version).toBe(1));
    const after_an_act = load();
    tell({ case: 'c' });  // the change is told before the first answer is there
    expect(answers.length).toBe(2);
    let waited = false;
    void after_an_act.then(() => (waited = true));
    answers.shift()!(2);
    await new Promise((done) => setTimeout(done));
    expect([waited, found.value?.version]).toEqual([false, 1]);
    answers.shift()!(2);
    await after_an_act;
    expect(found.value?.version).toBe(2);
  });
});
