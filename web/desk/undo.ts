// Ten seconds to take an act back. The strip belongs to the desk, so that it stays when the page is left.
import { reactive } from 'vue';
import { asProblem } from '@shared/api';
import { serverNow } from '@shared/time';
import { newKey } from '@shared/api';
import { api } from './session';
import type { Case, Problem } from './models/types';

interface Undo { id: string; action: string; until: number; from: number; words: string; version: number; after?: () => void }
export const undo = reactive({ now: null as Undo | null, left: 0, problem: null as Problem | null, busy: false });
let timer: ReturnType<typeof setInterval> | undefined;

/** Reads the case after an act: shows the strip where the pack lets the act be taken back. */
export function offer_undo(c: Case, words: string, after?: () => void): void {
  if (!c.undo) return;
  const until = Date.parse(c.undo.until);
  undo.now = { id: c.id, action: c.undo.action, until, from: serverNow(), words, version: c.version, after };
  undo.problem = null;
  clearInterval(timer);
  const tick = () => {
    undo.left = Math.max(0, Math.ceil((until - serverNow()) / 1000));
    if (undo.left === 0 && !undo.problem && !undo.busy) close_undo();
  };
  tick();
  timer = setInterval(tick, 250);
}
export function close_undo(): void {
  clearInterval(timer);
  undo.now = null;
  undo.problem = null;
}
export async function take_back(): Promise<void> {
  const it = undo.now;
  if (!it || undo.busy) return;
  undo.busy = true;
  try {
    await api.post(`cases/${it.id}/actions/${it.action}`, {}, { version: it.version, key: newKey() });
    close_undo();
    it.after?.();
  } catch (error) {
    undo.problem = asProblem(error);
  } finally {
    undo.busy = false;
  }
}
