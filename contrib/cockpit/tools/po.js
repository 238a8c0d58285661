// SPDX-License-Identifier: LGPL-2.1-or-later
// Translations: --extract writes po/lpd.pot from the sources; the build turns po/LANGUAGE.po into
// po.LANGUAGE.js, which Cockpit serves as po.js to a browser with that language, and po.manifest.LANGUAGE.js for
// Cockpit's own menu.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const top = new URL('../', import.meta.url);
const STRING = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`;

function unquote(text) {
    return JSON.parse(`"${text.slice(1, -1).replace(/\\'/g, "'").replace(/(?<!\\)"/g, '\\"')}"`);
}

/** The messages of a source: [{ id, plural }], in order. */
export function extract(source) {
    const messages = [];
    const one = new RegExp(String.raw`(?<![\w.])_\(\s*(${STRING})((?:\s*\+\s*(?:${STRING}))*)`, 'g');
    for (const [, first, rest] of source.matchAll(one)) {
        const more = [...rest.matchAll(new RegExp(STRING, 'g'))].map(([text]) => unquote(text));
        messages.push({ id: unquote(first) + more.join('') });
    }
    for (const [, id, plural] of source.matchAll(
        new RegExp(String.raw`(?<![\w.])ngettext\(\s*(${STRING}),\s*(${STRING})`, 'g')))
        messages.push({ id: unquote(id), plural: unquote(plural) });
    return messages;
}

/** What Cockpit's menu shows. */
function manifestMessages() {
    const { tools } = JSON.parse(readFileSync(new URL('src/manifest.json', top), 'utf8'));
    return Object.values(tools).map(({ label }) => label);
}

/** Every message of the page, by id. */
export function allMessages() {
    const found = new Map();
    const source = new URL('src/', top);
    for (const name of readdirSync(source, { recursive: true }).sort()) {
        if (!/\.tsx?$/.test(name) || name === 'schema.ts')
            continue;
        for (const message of extract(readFileSync(new URL(name, source), 'utf8')))
            found.set(message.id, { ...message, places: [...(found.get(message.id)?.places ?? []), `src/${name}`] });
    }
    for (const id of manifestMessages())
        found.set(id, { id, places: [...(found.get(id)?.places ?? []), 'src/manifest.json'] });
    return [...found.values()];
}

/** The template of translations. */
export function pot(messages) {
    const header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n';
    return [header, ...messages.map(({ id, plural, places }) =>
        `#: ${[...new Set(places)].join(' ')}\nmsgid ${JSON.stringify(id)}\n` +
        (plural ? `msgid_plural ${JSON.stringify(plural)}\nmsgstr[0] ""\nmsgstr[1] ""\n` : 'msgstr ""\n'))].join('\n');
}

/** Reads a .po file: [{ id, strings }]; the entry with the empty id is the header. Fuzzy entries are left out. */
export function parse(text) {
    return text.split(/\n\s*\n/).filter(block => !/^#,.*fuzzy/m.test(block) && /^msgid /m.test(block)).map(block => {
        const fields = {};
        let key;
        for (const line of block.split('\n')) {
            const [, name, value] = line.match(/^(msgid|msgid_plural|msgstr(?:\[\d\])?)?\s*(".*")$/) ?? [];
            if (value === undefined)
                continue;
            key = name ?? key;
            fields[key] = (fields[key] ?? '') + JSON.parse(value);
        }
        const strings = Object.entries(fields).filter(([name]) => name.startsWith('msgstr')).map(([, value]) => value);
        return { id: fields.msgid, strings };
    });
}

/** What cockpit.locale() takes, as a program. */
export function toScript(language, entries) {
    const header = entries.find(entry => entry.id === '')?.strings[0] ?? '';
    const plural = header.match(/plural=([^;\n]+)/)?.[1] ?? 'n != 1';
    if (!/^[\sn0-9()?:!=<>%&|]+$/.test(plural))
        throw new Error(`po/${language}.po: invalid plural forms: ${plural}`);
    const lines = entries.filter(({ id, strings }) => id !== '' && strings.every(text => text !== ''))
        .map(({ id, strings }) => `  ${JSON.stringify(id)}: ${JSON.stringify([null, ...strings])}`);
    const meta = `  "": { "plural-forms": n => Number(${plural}), "language": ${JSON.stringify(language)}, ` +
        '"language-direction": "ltr" }';
    return `cockpit.locale({\n${[meta, ...lines].join(',\n')}\n});\n`;
}

export function writeTranslations(directory) {
    // What a browser gets whose language is not here.
    writeFileSync(`${directory}/po.js`, '');
    for (const name of readdirSync(new URL('po/', top))) {
        const language = name.match(/^(.*)\.po$/)?.[1];
        if (language === undefined)
            continue;
        const entries = parse(readFileSync(new URL(`po/${name}`, top), 'utf8'));
        writeFileSync(`${directory}/po.${language}.js`, toScript(language, entries));
        const menu = entries.filter(({ id }) => id === '' || manifestMessages().includes(id));
        writeFileSync(`${directory}/po.manifest.${language}.js`, toScript(language, menu));
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--extract'))
    writeFileSync(new URL('po/lpd.pot', top), pot(allMessages()));
