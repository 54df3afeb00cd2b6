// Where clauses are read; each is read once.
import { Api } from '../api';
import type { Clause } from '../types';
const api = new Api();
const known = new Map<string, Promise<Clause>>();
/** `pack` may carry its edition (`hotline@2021-01-29`), as cases do. */
export function readClause(pack: string, clause: string): Promise<Clause> {
  const path = `packs/${encodeURIComponent(pack.split('@')[0])}/clauses/${encodeURIComponent(clause)}`;
  let reading = known.get(path);
  if (!reading) {
    reading = api.get<Clause>(path);
    known.set(path, reading);
    reading.catch(() => known.delete(path));
  }
  return reading;
}
