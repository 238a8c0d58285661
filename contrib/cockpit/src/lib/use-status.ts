// SPDX-License-Identifier: LGPL-2.1-or-later
import { useCallback, useEffect, useRef, useState } from 'react';

import { getStatus } from '../api';
import type { Status } from '../schema';
import { PAUSE_MSEC, PAUSE_TRANSITION_MSEC, Poller } from './poller';
import { watchState } from './watch';

export interface StatusQuery {
    status: Status | null;
    error: unknown;
    /** Counts the answers, so that pages ask again when the state may have changed. */
    generation: number;
    refresh: () => void;
}

const inTransition = (status: Status | null) =>
    status?.patches.some(patch => patch.kernelState.transition) ?? false;

/** The status of the machine, asked again when lpd records a change and when the page is shown again. */
export function useStatus(): StatusQuery {
    const [answer, setAnswer] = useState<Omit<StatusQuery, 'refresh'>>({ status: null, error: null, generation: 0 });
    const poller = useRef<Poller<Status> | null>(null);
    const refresh = useCallback(() => poller.current?.refresh(), []);

    useEffect(() => {
        const current = new Poller<Status>({
            ask: getStatus,
            hidden: () => cockpit.hidden,
            pause: status => inTransition(status) ? PAUSE_TRANSITION_MSEC : PAUSE_MSEC,
            onAnswer: status => setAnswer(old => ({ status, error: null, generation: old.generation + 1 })),
            onError: error => setAnswer(old => ({ ...old, error, generation: old.generation + 1 })),
            clock: {
                start: (callback, msec) => window.setTimeout(callback, msec),
                stop: timer => window.clearTimeout(timer),
            },
        });
        poller.current = current;
        cockpit.addEventListener('visibilitychange', refresh);
        const unwatch = watchState(refresh);
        refresh();
        return () => {
            cockpit.removeEventListener('visibilitychange', refresh);
            unwatch();
            current.end();
        };
    }, [refresh]);

    return { ...answer, refresh };
}
