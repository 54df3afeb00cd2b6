// Answers that were asked for before the page itself had come (desk/early.ts). The client takes each at most once, and
// only while it is fresh.
export type Query = Record<string, string | number | boolean | string[] | undefined | null>;
export const apiRoot = (): URL => new URL('../api/v1/', document.baseURI);
export function addressOf(path: string, query?: Query): URL {
  const url = new URL(path, apiRoot());
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url;
}

const FRESH = 10_000;
const asked = new Map<string, { at: number; unit: string; answer: Promise<Response> }>();
const unitOf = (headers: Record<string, string>): string => headers['X-Acting-Unit'] ?? '';
export function askAhead(path: string, query: Query | undefined, headers: Record<string, string>): Promise<Response> {
  const url = addressOf(path, query);
  const answer = fetch(url, { headers: { Accept: 'application/json', ...headers }, credentials: 'same-origin', cache: 'no-store' });
  answer.catch(() => undefined);
  asked.set(url.href, { at: performance.now(), unit: unitOf(headers), answer });
  return answer;
}
/** Whether nobody has taken this answer yet. */
export const isWaiting = (path: string, query?: Query): boolean => asked.has(addressOf(path, query).href);
/** The answer that is on its way; undefined where none is, or it was asked for somebody else or too long ago. */
export function takeAhead(url: URL, headers: Record<string, string>): Promise<Response> | undefined {
  const found = asked.get(url.href);
  asked.delete(url.href);
  return found && found.unit === unitOf(headers) && performance.now() - found.at < FRESH ? found.answer : undefined;
}
