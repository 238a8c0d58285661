// SPDX-License-Identifier: LGPL-2.1-or-later
import { useEffect, useRef, useState } from 'react';

export interface Query<T> {
    data: T | null;
    error: unknown;
    loading: boolean;
}

/**
 * Asks when the key or the generation changes. With a new key the old answer is dropped, with a new
 * generation it stays until the next one is there.
 */
export function useQuery<T>(key: string, generation: number, ask: () => Promise<T>): Query<T> {
    const [answer, setAnswer] = useState<Query<T> & { key: string }>({ key, data: null, error: null, loading: true });
    const latest = useRef(ask);
    latest.current = ask;

    useEffect(() => {
        let stale = false;
        latest.current().then(
            data => {
                if (!stale)
                    setAnswer({ key, data, error: null, loading: false });
            },
            (error: unknown) => {
                if (!stale)
                    setAnswer({ key, data: null, error, loading: false });
            });
        return () => { stale = true };
    }, [key, generation]);

    return answer.key === key ? answer : { data: null, error: null, loading: true };
}
