// SPDX-License-Identifier: LGPL-2.1-or-later

export interface JournalEntry {
    id: string;
    /** milliseconds since 1970 */
    time: number;
    priority: number;
    message: string;
}

function message(value: unknown): string {
    if (typeof value === 'string')
        return value;
    // The journal prints bytes that are not UTF-8 as an array of numbers.
    if (Array.isArray(value))
        return new TextDecoder().decode(new Uint8Array(value as number[]));
    return '';
}

/** What `journalctl --output=json` prints: one object a line. Newest first. */
export function parseJournal(text: string): JournalEntry[] {
    const entries: JournalEntry[] = [];
    for (const line of text.split('\n')) {
        if (!line.startsWith('{'))
            continue;
        try {
            const record = JSON.parse(line) as Record<string, unknown>;
            entries.push({
                id: typeof record.__CURSOR === 'string' ? record.__CURSOR : String(entries.length),
                time: Number(record.__REALTIME_TIMESTAMP ?? 0) / 1000,
                priority: Number(record.PRIORITY ?? 6),
                message: message(record.MESSAGE),
            });
        } catch {
            // A line that was cut, as the journal is still being written.
        }
    }
    return entries.reverse();
}
