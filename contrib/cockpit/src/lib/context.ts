// SPDX-License-Identifier: LGPL-2.1-or-later
import { createContext, useContext } from 'react';

import type { StatusQuery } from './use-status';

export interface Machine extends StatusQuery {
    /** null: not known yet */
    admin: boolean | null;
}

export const MachineContext = createContext<Machine>({
    status: null, error: null, generation: 0, refresh: () => undefined, admin: null,
});

export const useMachine = (): Machine => useContext(MachineContext);
