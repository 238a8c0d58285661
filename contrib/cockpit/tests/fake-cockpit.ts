// SPDX-License-Identifier: LGPL-2.1-or-later
// A cockpit.js whose programs answer as a test says. Import it before the code under test.
import type { SpawnOptions } from '../src/cockpit';

export interface Call {
    argv: string[];
    superuser: SpawnOptions['superuser'];
}

interface Reply {
    text: string;
    status: number;
    message: string;
}

export const calls: Call[] = [];
let replies: Reply[] = [];

/** What the next programs print, in order. */
export function reply(...next: (Partial<Reply> | object)[]): void {
    calls.length = 0;
    replies = next.map(item => 'text' in item || 'status' in item || 'message' in item
        ? { text: '', status: 0, message: '', ...item }
        : { text: JSON.stringify(item), status: 'error' in item ? 1 : 0, message: '' });
}

function spawn(argv: string[], options: SpawnOptions = {}) {
    calls.push({ argv, superuser: options.superuser });
    const { text, status, message } = replies.shift() ?? { text: '', status: 1, message: 'no reply' };
    let receive: (data: string) => void = () => undefined;
    const done = Promise.resolve().then(() => {
        receive(text);
        if (status !== 0)
            // What cockpit.js rejects with is no Error.
            // eslint-disable-next-line @typescript-eslint/only-throw-error
            throw { message, exit_status: status, problem: null };
        return '';
    });
    return Object.assign(done, {
        stream(callback: (data: string) => void) {
            receive = callback;
            return done;
        },
    });
}

Object.assign(globalThis, {
    cockpit: {
        hidden: false,
        language: 'en',
        location: { path: [], options: {}, go: () => undefined },
        spawn,
        gettext: (text: string) => text,
        ngettext: (one: string, many: string, n: number) => n === 1 ? one : many,
        format: (template: string, ...values: unknown[]) =>
            template.replace(/\$(\d)/g, (_match, i: string) => String(values[Number(i)])),
    },
});
