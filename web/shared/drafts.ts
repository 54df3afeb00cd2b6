// Drafts that stay on the device: text in localStorage, files in IndexedDB. A draft is kept from the first letter on,
// can be listed (home page, desk), survives reload, back and a cut network, and carries the Idempotency-Key of its
// submission, so that sending twice files once. Two tabs: the later write wins per draft, and `onOther` tells the page.
import { newKey } from './api';
import { serverNow } from './time';

export interface Draft<T = unknown> {
  id: string; kind: string; // e.g. "open:hotline-12345/request" or "act:CASE:reply"
  title: string; at: number; key: string; step?: string; values: T; files: DraftFile[]; sent?: unknown; tried?: unknown[]; base?: number; writer?: string;
}
export interface DraftFile { id: string; name: string; type: string; size: number; field: string; document?: string }

const PREFIX = 'tongban.draft.';
const me = newKey(); // this page
const memory = new Map<string, string>(); // where storage is switched off, drafts live as long as the page

const write = (key: string, value: string): boolean => {
  try { localStorage.setItem(key, value); memory.delete(key); return true; } catch { memory.set(key, value); return false; }
};
const read = (key: string): string | null => {
  try { return memory.get(key) ?? localStorage.getItem(key); } catch { return memory.get(key) ?? null; }
};

export function newDraft<T>(kind: string, values: T, id = newKey()): Draft<T> {
  return { id, kind, title: '', at: serverNow(), key: newKey(), values, files: [] };
}
/** False when only memory took it (storage full or off): the page says so. */
export function saveDraft(draft: Draft): boolean {
  draft.at = serverNow();
  draft.writer = me;
  return write(PREFIX + draft.id, JSON.stringify(draft));
}
export function loadDraft<T>(id: string): Draft<T> | undefined {
  const text = read(PREFIX + id);
  try { return text ? (JSON.parse(text) as Draft<T>) : undefined; } catch { return undefined; }
}
export function listDrafts(kind?: string): Draft[] {
  const keys = new Set(memory.keys());
  try { for (let i = 0; i < localStorage.length; i++) keys.add(localStorage.key(i)!); } catch { /* memory only */ }
  return [...keys].filter((k) => k.startsWith(PREFIX)).map((k) => loadDraft(k.slice(PREFIX.length)))
    .filter((d): d is Draft => !!d && (!kind || d.kind === kind)).sort((a, b) => b.at - a.at);
}
export async function dropDraft(id: string): Promise<void> {
  const draft = loadDraft(id);
  memory.delete(PREFIX + id);
  try { localStorage.removeItem(PREFIX + id); } catch { /* memory only */ }
  for (const file of draft?.files ?? []) await dropFile(file.id);
}
/** Signing out on a shared computer leaves nothing behind. */
export async function wipeDrafts(): Promise<void> {
  for (const draft of listDrafts()) await dropDraft(draft.id);
  if (typeof indexedDB !== 'undefined') indexedDB.deleteDatabase(BASE);
}
/** Calls `keep` when the page goes away or out of sight, so that the last letters are kept too. */
export function keepOnLeaving(keep: () => void): () => void {
  window.addEventListener('pagehide', keep);
  document.addEventListener('visibilitychange', keep);
  return () => { window.removeEventListener('pagehide', keep); document.removeEventListener('visibilitychange', keep); };
}
/** Another tab changed or removed this draft. */
export function onOther(id: string, tell: (draft: Draft | undefined) => void): () => void {
  const listen = (event: StorageEvent) => {
    if (event.key !== PREFIX + id) return;
    const draft = event.newValue ? (JSON.parse(event.newValue) as Draft) : undefined;
    if (draft?.writer !== me) tell(draft);
  };
  window.addEventListener('storage', listen);
  return () => window.removeEventListener('storage', listen);
}

/** Whether two drafts hold the same words and files. */
export const sameDraft = (a: Draft, b: Draft): boolean => JSON.stringify([a.values, a.files]) === JSON.stringify([b.values, b.files]);

// Files.
const BASE = 'tongban';
const held = new Map<string, Blob>(); // where IndexedDB is switched off
function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return new Promise((done, fail) => {
    const open = indexedDB.open(BASE, 1);
    open.onupgradeneeded = () => open.result.createObjectStore('files');
    open.onerror = () => fail(open.error);
    open.onsuccess = () => {
      const t = open.result.transaction('files', mode);
      t.oncomplete = t.onabort = () => open.result.close();
      done(t.objectStore('files'));
    };
  });
}
const asked = <T>(request: IDBRequest<T>): Promise<T> => new Promise((done, fail) => { request.onsuccess = () => done(request.result); request.onerror = () => fail(request.error); });
export async function keepFile(id: string, file: Blob): Promise<void> {
  try { await asked((await store('readwrite')).put(file, id)); } catch { held.set(id, file); }
}
export async function readFile(id: string): Promise<Blob | undefined> {
  if (held.has(id)) return held.get(id);
  try { return await asked((await store('readonly')).get(id) as IDBRequest<Blob | undefined>); } catch { return undefined; }
}
export async function dropFile(id: string): Promise<void> {
  held.delete(id);
  try { await asked((await store('readwrite')).delete(id)); } catch { /* was never kept */ }
}
