// One HTML file for each place where people land: index.html with hints (modulepreload) of the chunks that this place
// loads, so that they come beside the entry instead of after it. The server gives file.html for /portal/file/….
import type { Plugin, Rollup } from 'vite';

/**
 * `early`: a module that is to run before the entry, as soon as it comes (in the entry's graph too, so once).
 * `places`: name of the HTML file → the page's module below pages/, or several.
 */
export function landings(places: Record<string, string[]>, early?: string): Plugin {
  return {
    name: 'landings',
    enforce: 'post',
    apply: 'build',
    buildStart() {
      if (early) this.emitFile({ type: 'chunk', id: early, name: 'early' });
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((one): one is Rollup.OutputChunk => one.type === 'chunk');
        const index = bundle['index.html'] as Rollup.OutputAsset;
        let html = String(index.source);
        const entry = chunks.find((one) => one.isEntry && html.includes(`src="./${one.fileName}"`))!;
        const first = early && chunks.find((one) => Object.keys(one.modules).some((id) => id.endsWith('/early.ts')));
        if (first) html = html.replace(/( *<script type="module")/, `    <script type="module" async crossorigin src="./${first.fileName}"></script>\n$1`).replace(new RegExp(` *<link rel="modulepreload"[^>]*${first.fileName}">\n`), '');
        const reached = (from: string, into: Set<string>): Set<string> => {
          if (into.has(from)) return into;
          into.add(from);
          for (const next of (bundle[from] as Rollup.OutputChunk).imports) reached(next, into);
          return into;
        };
        const known = reached(entry.fileName, new Set());
        for (const [place, pages] of Object.entries(places)) {
          const wanted = new Set<string>();
          for (const page of pages) {
            const chunk = chunks.find((one) => Object.keys(one.modules).some((id) => id.endsWith(page)));
            if (!chunk) this.error(`landings: no chunk holds ${page}`);
            reached(chunk.fileName, wanted);
          }
          const links = [...wanted].filter((one) => !known.has(one)).map((one) => `    <link rel="modulepreload" crossorigin href="./${one}">\n`).join('');
          const source = html.replace(/( *<\/head>)/, `${links}$1`);
          if (place === 'index') index.source = source;
          else this.emitFile({ type: 'asset', fileName: `${place}.html`, source });
        }
      },
    },
  };
}
