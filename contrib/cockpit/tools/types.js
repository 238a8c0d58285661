// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes src/schema.ts: the TypeScript types of what lpctl prints, from the JSON schemas in docs/.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const docs = new URL('../../../docs/', import.meta.url);
const output = new URL('../src/schema.ts', import.meta.url);

/** fix-a or fixA → FixA */
function typeName(name) {
    return name.split('-').map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function reference(ref) {
    if (!ref.includes('#'))
        return 'Status';
    const [, path] = ref.split('#');
    const parts = path.split('/');
    return parts[1] === '$defs' ? typeName(parts[2]) : `Status[${JSON.stringify(parts[2])}]`;
}

function object(schema, indent) {
    if (!schema.properties)
        return 'Record<string, unknown>';
    const inner = `${indent}    `;
    const lines = Object.entries(schema.properties).map(([key, value]) => {
        const optional = schema.required?.includes(key) ? '' : '?';
        const comment = value.description ? `${inner}/** ${value.description} */\n` : '';
        return `${comment}${inner}${JSON.stringify(key)}${optional}: ${type(value, inner)};\n`;
    });
    return `{\n${lines.join('')}${indent}}`;
}

function single(name, schema, indent) {
    switch (name) {
    case 'object': return object(schema, indent);
    case 'array': return schema.items ? `Array<${type(schema.items, indent)}>` : 'unknown[]';
    case 'integer':
    case 'number': return 'number';
    case 'string':
    case 'boolean':
    case 'null': return name;
    default: throw new Error(`type ${name} is not supported`);
    }
}

/** The TypeScript type of a schema. */
export function type(schema, indent = '') {
    if (schema.$ref)
        return reference(schema.$ref);
    if ('const' in schema)
        return JSON.stringify(schema.const);
    if (schema.enum)
        return schema.enum.map(value => JSON.stringify(value)).join(' | ');
    if (schema.anyOf)
        return schema.anyOf.map(choice => type(choice, indent)).join(' | ');
    return [schema.type].flat().map(name => single(name, schema, indent)).join(' | ');
}

export function writeTypes() {
    const status = JSON.parse(readFileSync(new URL('lpd-status.schema.json', docs), 'utf8'));
    const lpctl = JSON.parse(readFileSync(new URL('lpctl.schema.json', docs), 'utf8'));
    const types = { Status: status };
    for (const [name, schema] of [...Object.entries(status.$defs), ...Object.entries(lpctl.$defs)])
        types[typeName(name) in types ? `${typeName(name)}Answer` : typeName(name)] = schema;
    const text = Object.entries(types).map(([name, schema]) => `export type ${name} = ${type(schema)};\n`);
    writeFileSync(output, `// Written by tools/types.js from docs/*.schema.json.\n\n${text.join('\n')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
    writeTypes();
