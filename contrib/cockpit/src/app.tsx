// SPDX-License-Identifier: LGPL-2.1-or-later
import { useEffect, useMemo, useRef } from 'react';

import { Navigation } from './components/navigation';
import { PatchNotFound } from './components/states';
import { MachineContext } from './lib/context';
import { parseRoute } from './lib/routes';
import type { Route } from './lib/routes';
import { useAdmin } from './lib/use-admin';
import { useLocation } from './lib/use-location';
import { useStatus } from './lib/use-status';
import { CvesPage } from './pages/cves';
import { InstallPage } from './pages/install';
import { LockPage } from './pages/lock';
import { OverviewPage } from './pages/overview';
import { PatchPage } from './pages/patch';

function CurrentPage({ route }: { route: Route }) {
    switch (route.page) {
    case 'overview': return <OverviewPage />;
    case 'install': return <InstallPage />;
    case 'cves': return <CvesPage />;
    case 'lock': return <LockPage />;
    case 'patch': return <PatchPage key={route.name} name={route.name} />;
    case 'unknown': return <PatchNotFound name={null} />;
    }
}

/** After a change of page, keyboard and screen reader go on at its start: the link that led there is gone. */
function useFocusAfter(route: Route) {
    const main = useRef<HTMLElement>(null);
    const first = useRef(route);
    useEffect(() => {
        if (first.current === route)
            return;
        main.current?.focus({ preventScroll: true });
        window.scrollTo(0, 0);
    }, [route]);
    return main;
}

export function App() {
    const path = useLocation();
    const admin = useAdmin();
    const query = useStatus();
    const { status, error, generation, refresh } = query;
    const machine = useMemo(() => ({ status, error, generation, refresh, admin }),
                            [status, error, generation, refresh, admin]);
    const route = useMemo(() => parseRoute(path), [path]);
    const main = useFocusAfter(route);

    // With administrative access lpctl sees more.
    useEffect(() => {
        if (admin !== null)
            refresh();
    }, [admin, refresh]);
    return (
        <MachineContext.Provider value={machine}>
            <Navigation route={route} />
            <main className="lpd-main" ref={main} tabIndex={-1}>
                <CurrentPage route={route} />
            </main>
        </MachineContext.Provider>
    );
}
