// SPDX-License-Identifier: LGPL-2.1-or-later
import { useEffect, useState } from 'react';

/** Whether this session has administrative access; null: not known yet. */
export function useAdmin(): boolean | null {
    const [allowed, setAllowed] = useState<boolean | null>(null);
    useEffect(() => {
        const permission = cockpit.permission({ admin: true });
        const changed = () => setAllowed(permission.allowed);
        permission.addEventListener('changed', changed);
        changed();
        return () => {
            permission.removeEventListener('changed', changed);
            permission.close();
        };
    }, []);
    return allowed;
}
