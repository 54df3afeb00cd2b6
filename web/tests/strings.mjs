// Every word that people read stands in text/*.ts, in both languages; every key that code asks for exists, and every key
// that exists is asked for. Run by `npm run check`.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@vue/compiler-sfc';

const root = fileURLToPath(new URL('..', import.meta.url));
const faults = [];
const files = (folder) => fs.existsSync(path.join(root, folder)) ? fs.readdirSync(path.join(root, folder), { recursive: true }).map((f) => path.join(folder, String(f))).filter((f) => /\.(vue|ts)$/.test(f) && !/node_modules|\.test\.ts$|\.d\.ts$/.test(f)) : [];
const keysOf = (file) => {
  const text = fs.existsSync(path.join(root, file)) ? fs.readFileSync(path.join(root, file), 'utf8') : '';
  const entries = [...text.matchAll(/(?:^|[{,\s])'([\w.-]+)':\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g)];
  return new Map(entries.map((m) => [m[1], m[2] ?? m[3] ?? m[4] ?? '']));
};
const KEYS = /^[\s+]*((Alt|Ctrl|Shift|Esc|Enter|Tab|F\d+|[A-Z]|\d)[\s+]*)+$/; // names of keys are the same in every language
const CJK = /[\u3400-\u9fff\uff00-\uffef\u3000-\u303f]/;
const apps = ['shared', 'portal', 'desk'];
const shared = keysOf('shared/text/zh.ts');
const asked = new Set(); const prefixes = new Set();
for (const app of apps) {
  const zh = keysOf(`${app}/text/zh.ts`), en = keysOf(`${app}/text/en.ts`);
  for (const key of zh.keys()) if (!en.has(key)) faults.push(`${app}: ${key} has no English`);
  for (const key of en.keys()) if (!zh.has(key)) faults.push(`${app}: ${key} has no Chinese`);
  const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).filter((p) => p !== 'month').sort().join();
  for (const [key, text] of en) {
    if (CJK.test(text) && !/language|limit|unit/i.test(key)) faults.push(`${app}: the English of ${key} is Chinese`);
    const other = zh.get(key);
    if (other !== undefined && !/^time\.|^month/.test(key)) for (const p of placeholders(text).split(',').filter(Boolean)) if (!placeholders(other).split(',').includes(p)) faults.push(`${app}: ${key} asks for {${p}} in English only`);
  }
  for (const file of files(app)) {
    if (file.startsWith(path.join(app, 'text') + path.sep) && /(zh|en)\.ts$/.test(file)) continue;
    const source = fs.readFileSync(path.join(root, file), 'utf8');
    let script = source, template = '';
    if (file.endsWith('.vue')) {
      const sfc = parse(source).descriptor;
      script = `${sfc.script?.content ?? ''}\n${sfc.scriptSetup?.content ?? ''}`;
      template = sfc.template?.content ?? '';
      const visit = (node) => {
        if (node.type === 2 && (CJK.test(node.content) || (/[A-Za-z]{2,}/.test(node.content) && !KEYS.test(node.content)))) faults.push(`${file}: words in the template: ${node.content.trim().slice(0, 60)}`);
        for (const prop of node.props ?? []) if (prop.type === 6 && ['title', 'label', 'alt', 'placeholder', 'aria-label', 'aria-description', 'content'].includes(prop.name) && prop.value?.content && /[A-Za-z]{2,}|[\u3400-\u9fff]/.test(prop.value.content)) faults.push(`${file}: words in ${prop.name}: ${prop.value.content}`);
        for (const child of node.children ?? []) visit(child);
      };
      for (const child of sfc.template?.ast?.children ?? []) visit(child);
    }
    const bare = script.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1');
    for (const m of bare.matchAll(/(['"`])((?:(?!\1)[^\\\n]|\\.)*)\1/g)) if (/[\u3400-\u9fff]/.test(m[2]) && !/allow-words/.test(m[2])) faults.push(`${file}: Chinese in code: ${m[2].slice(0, 60)}`);
    for (const m of (bare + template).matchAll(/\bt\(\s*(['"])([\w.-]+)\1/g)) { if (m[2].endsWith('.')) { prefixes.add(m[2]); continue; } asked.add(m[2]); if (!zh.has(m[2]) && !shared.has(m[2])) faults.push(`${file}: no text for ${m[2]}`); }
    for (const m of (bare + template).matchAll(/['"`]([a-z]\w*(?:\.\w+)+)['"`]/gi)) asked.add(m[1]);
    for (const m of (bare + template).matchAll(/`([a-z]\w*\.(?:\w+\.)*)\w*\$\{/gi)) prefixes.add(m[1]);
  }
}
for (const app of apps) for (const key of keysOf(`${app}/text/zh.ts`).keys()) if (!asked.has(key) && !asked.has(key.replace(/Help$/, '')) && ![...prefixes].some((p) => key.startsWith(p))) faults.push(`${app}: nothing asks for ${key}`);
if (faults.length) { console.error(faults.join('\n')); process.exit(1); }
console.log(`strings: ${shared.size} shared, every key in both languages, no words in components`);
