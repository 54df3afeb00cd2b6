import type { Case } from '@shared/types';
// The look-up's answer carries the case: the next page need not ask again.
let held: Case | undefined;
export const handOver = (found: Case): void => { held = found; };
export function takeOver(number: string): Case | undefined { const found = held?.number === number ? held : undefined; held = undefined; return found; }
