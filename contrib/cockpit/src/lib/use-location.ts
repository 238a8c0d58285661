// SPDX-License-Identifier: LGPL-2.1-or-later
import { useEffect, useState } from 'react';

/** The path of cockpit.location, as it changes. */
export function useLocation(): readonly string[] {
    const [path, setPath] = useState<readonly string[]>(cockpit.location.path);
    useEffect(() => {
        const changed = () => setPath(cockpit.location.path);
        cockpit.addEventListener('locationchanged', changed);
        return () => cockpit.removeEventListener('locationchanged', changed);
    }, []);
    return path;
}
