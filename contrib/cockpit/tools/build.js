// SPDX-License-Identifier: LGPL-2.1-or-later
// Builds dist/: what is installed as /usr/share/cockpit/lpd. Options: --watch, --development.
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import * as esbuild from 'esbuild';
import { writeTranslations } from './po.js';
import { writeTypes } from './types.js';

const watch = process.argv.includes('--watch');
const development = watch || process.argv.includes('--development');

const options = {
    entryPoints: { index: 'src/index.tsx' },
    outdir: 'dist',
    bundle: true,
    // The oldest browsers that Cockpit 287 itself supports.
    target: ['chrome92', 'firefox91', 'safari15.4'],
    format: 'iife',
    jsx: 'automatic',
    minify: !development,
    sourcemap: development ? 'linked' : false,
    legalComments: 'external',
    define: { 'process.env.NODE_ENV': JSON.stringify(development ? 'development' : 'production') },
    loader: {
        '.woff2': 'file', '.woff': 'empty', '.ttf': 'empty', '.svg': 'dataurl', '.jpg': 'empty', '.png': 'empty',
    },
    assetNames: 'fonts/[name]',
    logLevel: 'warning',
};

/** The modules of which the script contains something. */
async function usedModules() {
    const { metafile } = await esbuild.build({ ...options, write: false, metafile: true });
    const script = Object.entries(metafile.outputs).find(([path]) => path.endsWith('.js'))[1];
    return new Set(Object.entries(script.inputs).filter(([, input]) => input.bytesInOutput > 0).map(([path]) => path));
}

/** esbuild bundles the style sheets of all of PatternFly's components: this leaves out those of unused ones. */
function usedStyles(modules) {
    return {
        name: 'used-styles',
        setup(build) {
            build.onLoad({ filter: /react-styles\/css\/.*\.css$/ }, ({ path }) => {
                const names = ['.mjs', '.js'].map(suffix => relative('.', path).replace(/\.css$/, suffix));
                const used = names.some(name => modules.has(name));
                return { contents: used ? readFileSync(path, 'utf8') : '', loader: 'css' };
            });
        },
    };
}

writeTypes();
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
for (const file of ['index.html', 'manifest.json'])
    cpSync(`src/${file}`, `dist/${file}`);
writeTranslations('dist');
if (watch) {
    const context = await esbuild.context({ ...options, logLevel: 'info' });
    await context.watch();
} else {
    await esbuild.build({ ...options, plugins: [usedStyles(await usedModules())] });
}
