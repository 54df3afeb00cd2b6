// The client of the API. One instance per application. What it promises: a refusal is an ApiError with the server's
// problem; a lost network is an ApiError with `offline`; nothing is retried but after a sign-in (with the same
// Idempotency-Key, so that nothing happens twice); the server's clock is learnt from every answer.
import { ref, shallowRef } from 'vue';
import { addressOf, takeAhead, type Query } from './ahead';
import { t } from './text';
import { learnServerTime, serverNow } from './time';
import type { Problem } from './types';

export class ApiError extends Error {
  constructor(readonly status: number, readonly problem: Problem, readonly offline = false) {
    super(problem.detail);
  }
  get code(): string { return this.problem.code; }
}

export interface Options {
  body?: unknown; file?: Blob; headers?: Record<string, string>; version?: number; key?: string; token?: string | (() => string | undefined); unit?: string;
  purpose?: string; query?: Query; signal?: AbortSignal;
  quiet?: boolean; // do not ask for a sign-in on 401
  parting?: boolean; // sent even though the page is going away
}
export interface Settings {
  /** Who asks: a token (portal), or the CSRF value that goes with the cookie (desk). */
  identity?: () => { token?: string; csrf?: string; unit?: string };
  /** Called on 401; resolves true after the person has signed in again: then the request is repeated once. */
  onSignIn?: () => Promise<boolean>;
}

/** The portal shows who it is by tokens alone and sends no cookie: a desk open in the same browser stays apart. */
export const defaults: { credentials: RequestCredentials } = { credentials: 'same-origin' };
export { apiRoot } from './ahead';
/** False while the server cannot be reached; a strip under the header says so. */
export const online = ref(true);
export const lostSince = shallowRef<number | null>(null);
let poll: ReturnType<typeof setTimeout> | undefined;
const waiting = new Set<() => void>();

function lost(): void {
  if (online.value) { online.value = false; lostSince.value = serverNow(); }
  if (poll === undefined) poll = setTimeout(askAgain, 3000);
}
function found(): void {
  clearTimeout(poll); poll = undefined;
  if (online.value) return;
  online.value = true; lostSince.value = null;
  for (const go of [...waiting]) { waiting.delete(go); go(); }
}
/** Asks now whether the server is back; used by "reconnect now" too. */
export async function askAgain(): Promise<void> {
  clearTimeout(poll); poll = undefined;
  try { const answer = await fetch(new URL('../healthz', document.baseURI), { cache: 'no-store' }); if (answer.status < 500) return found(); } catch { /* still away */ }
  poll = setTimeout(askAgain, 5000);
}
/** Resolves when the server is reachable again. */
export const whenOnline = (): Promise<void> => (online.value ? Promise.resolve() : new Promise((go) => waiting.add(go)));
if (typeof window !== 'undefined') {
  window.addEventListener('offline', lost);
  window.addEventListener('online', () => void askAgain());
}

export const newKey = (): string => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

export interface Answer<T> { data: T; status: number; version?: number; headers: Headers }

export class Api {
  constructor(private readonly settings: Settings = {}) {}

  async call<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
    let answer = await this.once(method, path, options);
    if (answer.status === 401 && this.settings.onSignIn && !options.quiet && (await this.settings.onSignIn())) answer = await this.once(method, path, options);
    const text = answer.status === 204 ? '' : await answer.text();
    let data: unknown = null;
    try { data = text ? JSON.parse(text) : null; } catch { /* an answer of a proxy in between */ }
    if (!answer.ok) throw new ApiError(answer.status, problemOf(data, answer));
    const tag = /^"v(\d+)"$/.exec(answer.headers.get('ETag') ?? '');
    return { data: data as T, status: answer.status, version: tag ? Number(tag[1]) : undefined, headers: answer.headers };
  }
  get = async <T>(path: string, options?: Options): Promise<T> => (await this.call<T>('GET', path, options)).data;
  post = async <T>(path: string, body: unknown, options?: Options): Promise<T> => (await this.call<T>('POST', path, { ...options, body })).data;
  put = async <T>(path: string, body: unknown, options?: Options): Promise<T> => (await this.call<T>('PUT', path, { ...options, body })).data;
  delete = async <T>(path: string, options?: Options): Promise<T> => (await this.call<T>('DELETE', path, options)).data;
  /** A file as a blob (pictures need the token, which an <img> address cannot carry). */
  async blob(path: string, options: Options = {}): Promise<Blob> {
    const answer = await this.once('GET', path, options);
    if (!answer.ok) throw new ApiError(answer.status, problemOf(null, answer));
    return answer.blob();
  }

  private async once(method: string, path: string, o: Options): Promise<Response> {
    const who = this.settings.identity?.() ?? {};
    const headers: Record<string, string> = { Accept: 'application/json', ...o.headers };
    const token = (typeof o.token === 'function' ? o.token() : o.token) ?? who.token;
    if (token) headers.Authorization = `Bearer ${token}`;
    if (who.csrf && method !== 'GET') headers['X-CSRF-Token'] = who.csrf;
    if (o.unit ?? who.unit) headers['X-Acting-Unit'] = (o.unit ?? who.unit)!;
    if (o.purpose) headers['X-Purpose'] = encodeURIComponent(o.purpose);
    if (o.version !== undefined) headers['If-Match'] = `"v${o.version}"`;
    if (o.key) headers['Idempotency-Key'] = o.key;
    let body: BodyInit | undefined;
    if (o.file) { body = o.file; headers['Content-Type'] = 'application/octet-stream'; }
    else if (o.body !== undefined) { body = JSON.stringify(o.body); headers['Content-Type'] = 'application/json'; }
    const url = addressOf(path, o.query);
    const early = method === 'GET' && !o.purpose && !token ? takeAhead(url, headers) : undefined;
    let answer: Response | undefined = early ? await early.catch(() => undefined) : undefined;
    try {
      answer ??= await fetch(url, { method, headers, body, signal: o.signal, credentials: defaults.credentials, cache: 'no-store', keepalive: o.parting });
    } catch (error) {
      if ((error as Error).name === 'AbortError') throw error;
      lost();
      throw new ApiError(0, { title: t('net.lost'), status: 0, detail: t('net.lostKept'), code: 'offline' }, true);
    }
    learnServerTime(answer.headers.get('Date'));
    found();
    return answer;
  }
}

function problemOf(data: unknown, answer: Response): Problem {
  const p = data as Partial<Problem> | null;
  if (p && typeof p.title === 'string' && typeof p.code === 'string') return { ...p, status: answer.status, detail: p.detail ?? p.title } as Problem;
  return { title: t('net.failed'), status: answer.status, detail: t('net.failedKept'), code: `http_${answer.status}`, request: answer.headers.get('X-Request-Id') ?? undefined };
}
export function asProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { title: t('net.page'), status: 0, detail: t('net.pageKept'), code: 'page_error' };
}
