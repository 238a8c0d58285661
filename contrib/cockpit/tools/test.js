// SPDX-License-Identifier: LGPL-2.1-or-later
// Bundles tests/*.test.ts and *.test.tsx into tmp/, and runs them with node's own runner.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import * as esbuild from 'esbuild';

const tests = readdirSync('tests').filter(name => /\.test\.tsx?$/.test(name));
rmSync('tmp', { recursive: true, force: true });
await esbuild.build({
    entryPoints: tests.map(name => `tests/${name}`),
    outdir: 'tmp',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    // React's server part calls require().
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    jsx: 'automatic',
    mainFields: ['module', 'main'],
    loader: { '.css': 'empty' },
    logLevel: 'warning',
});
const files = tests.map(name => `tmp/${name.replace(/\.tsx?$/, '.mjs')}`);
const { status } = spawnSync(process.execPath, ['--test', ...files], {
    stdio: 'inherit', env: { ...process.env, TZ: 'UTC' },
});
process.exit(status ?? 1);
