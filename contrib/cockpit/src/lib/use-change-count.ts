// SPDX-License-Identifier: LGPL-2.1-or-later
import { useRef } from 'react';

/** A number that grows when the content of a value changes, for what is worth asking again only then. */
export function useChangeCount(value: unknown): number {
    const text = JSON.stringify(value);
    const last = useRef({ text, count: 0 });
    if (last.current.text !== text)
        last.current = { text, count: last.current.count + 1 };
    return last.current.count;
}
