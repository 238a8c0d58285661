// SPDX-License-Identifier: LGPL-2.1-or-later
// What the build has left in dist/, if it has run, and the sources of translations.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { EXPORT_FORMATS } from '../src/lib/cves';
import { allMessages, extract, parse, pot, toScript } from '../tools/po.js';

const built = existsSync('dist/index.html');

test('the page satisfies a strict content security policy', { skip: !built }, () => {
    const html = readFileSync('dist/index.html', 'utf8');
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|https?:/);
    assert.doesNotMatch(readFileSync('dist/index.js', 'utf8'), /\beval\(|new Function\(/);
    assert.doesNotMatch(readFileSync('dist/index.css', 'utf8'), /url\(["']?https?:|@import/);
});

test('the manifest has nothing that Cockpit 287 does not know', () => {
    const manifest = JSON.parse(readFileSync('src/manifest.json', 'utf8')) as Record<string, unknown>;
    assert.deepEqual(Object.keys(manifest).sort(), ['conditions', 'requires', 'tools']);
    assert.doesNotMatch(JSON.stringify(manifest), /"any"|content-security-policy/);
});

test('CVEs are exported in the formats of lpctl', () => {
    const manual = readFileSync('../../docs/man/lpctl.8.scd', 'utf8');
    const known = /prints a document for other tools: (.*)\.$/m.exec(manual)?.[1]?.match(/(?<=_)[a-z]+(?=_)/g);
    assert.deepEqual(EXPORT_FORMATS.map(({ format }) => format), known);
});

test('the lock file names no registry', () => {
    assert.doesNotMatch(readFileSync('package-lock.json', 'utf8'), /"resolved"/);
});

test('messages are found in sources', () => {
    const messages = extract(`_('a $0') + _("b" +\n 'c') + ngettext('$0 x', '$0 xs', n); other_('d')`);
    assert.deepEqual(messages, [{ id: 'a $0' }, { id: 'bc' }, { id: '$0 x', plural: '$0 xs' }]);
});

test('po/lpd.pot has the messages of the sources: npm run pot', () => {
    assert.equal(readFileSync('po/lpd.pot', 'utf8'), pot(allMessages()));
});

test('translations: each is of a message that the page has, with the same placeholders', () => {
    const known = new Set(allMessages().map(({ id }) => id));
    assert.ok(known.size > 100);
    const holes = (text: string) => [...new Set(text.match(/\$\d/g) ?? [])].sort().join();
    for (const file of readdirSync('po').filter(name => name.endsWith('.po')))
        for (const { id, strings } of parse(readFileSync(`po/${file}`, 'utf8'))) {
            assert.ok(id === '' || known.has(id), `${file}: ${id}`);
            for (const text of strings.filter(text => id !== '' && text !== ''))
                assert.equal(holes(text), holes(id), `${file}: ${id}`);
        }
});

test('a translation is a program that cockpit.locale() takes', () => {
    const entries = parse('msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n' +
                          'msgid "Load"\nmsgstr "Laden"\n\nmsgid "Lock"\nmsgstr ""\n');
    let data: Record<string, unknown> = {};
    runInNewContext(toScript('de', entries), { cockpit: { locale: (d: Record<string, unknown>) => { data = d } } });
    assert.equal(JSON.stringify(data.Load), '[null,"Laden"]');
    assert.ok(!('Lock' in data));
    assert.deepEqual([1, 2].map((data[''] as { 'plural-forms': (n: number) => number })['plural-forms']), [0, 1]);
});
