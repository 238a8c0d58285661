// SPDX-License-Identifier: LGPL-2.1-or-later
import { useCallback, useEffect, useRef, useState } from 'react';

import { getVerify, removeUpload, upload } from '../api';
import type { Verify } from '../schema';

export interface ModuleFile {
    /** where it is on the machine, once it is there */
    path: string | null;
    verify: Verify | null;
    error: unknown;
    busy: boolean;
    /** Uploads the file if it is not there yet, and verifies it. */
    check: (source: File | string) => void;
    /** Forgets the file, and removes an upload. */
    reset: () => void;
}

type State = Pick<ModuleFile, 'path' | 'verify' | 'error' | 'busy'>;

const NOTHING: State = { path: null, verify: null, error: null, busy: false };

async function pathOf(source: File | string): Promise<string> {
    if (typeof source === 'string')
        return source;
    return upload(source.name, new Uint8Array(await source.arrayBuffer()));
}

/** A module file that is about to be installed. An upload is removed when the page is left. */
export function useModuleFile(): ModuleFile {
    const [state, setState] = useState<State>(NOTHING);
    const uploaded = useRef<string | null>(null);

    const drop = useCallback(() => {
        if (uploaded.current !== null)
            void removeUpload(uploaded.current).catch(() => undefined);
        uploaded.current = null;
    }, []);
    const reset = useCallback(() => {
        drop();
        setState(NOTHING);
    }, [drop]);
    const check = useCallback((source: File | string) => {
        drop();
        setState({ ...NOTHING, busy: true });
        void (async () => {
            try {
                const path = await pathOf(source);
                if (typeof source !== 'string')
                    uploaded.current = path;
                setState({ ...NOTHING, path, busy: true });
                const verify = await getVerify(path);
                setState({ ...NOTHING, path, verify });
            } catch (error) {
                drop();
                setState({ ...NOTHING, error });
            }
        })();
    }, [drop]);
    useEffect(() => drop, [drop]);
    return { ...state, check, reset };
}
