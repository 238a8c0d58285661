// SPDX-License-Identifier: LGPL-2.1-or-later
import { useCallback, useEffect, useRef, useState } from 'react';

import { getStatus } from '../api';
import type { Status } from '../schema';
import { POLL_MSEC, POLL_TRANSITION_MSEC, watchState } from './watch';

export interface StatusQuery {
    status: Status | null;
    error: unknown;
    /** Counts the answers, so that pages ask again when the state may have changed. */
    generation: number;
    refresh: () => void;
}

const inTransition = (status: Status | null) =>
    status?.patches.some(patch => patch.kernelState.transition) ?? false;

/** The status of the machine, asked again when lpd records a change; not while the page is hidden. */
export function useStatus(): StatusQuery {
    const [answer, setAnswer] = useState<Omit<StatusQuery, 'refresh'>>({ status: null, error: null, generation: 0 });
    const running = useRef(false);
    const again = useRef(false);

    const refresh = useCallback(() => {
        if (cockpit.hidden || running.current) {
            again.current = true;
            return;
        }
        running.current = true;
        again.current = false;
        void getStatus()
            .then(status => setAnswer(old => ({ status, error: null, generation: old.generation + 1 })),
                  (error: unknown) => setAnswer(old => ({ ...old, error, generation: old.generation + 1 })))
            .finally(() => {
                running.current = false;
                if (again.current)
                    refresh();
            });
    }, []);

    useEffect(() => {
        refresh();
        const shown = () => {
            if (!cockpit.hidden)
                refresh();
        };
        cockpit.addEventListener('visibilitychange', shown);
        const unwatch = watchState(refresh);
        return () => {
            cockpit.removeEventListener('visibilitychange', shown);
            unwatch();
        };
    }, [refresh]);

    // lpd records no change that others make while it does not run, so the page also asks now and then.
    const pause = inTransition(answer.status) ? POLL_TRANSITION_MSEC : POLL_MSEC;
    useEffect(() => {
        const timer = window.setTimeout(() => {
            if (!cockpit.hidden)
                refresh();
        }, pause);
        return () => window.clearTimeout(timer);
    }, [refresh, pause, answer.generation]);

    return { ...answer, refresh };
}
