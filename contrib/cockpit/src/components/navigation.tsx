// SPDX-License-Identifier: LGPL-2.1-or-later
import { Nav, NavItem, NavList } from '@patternfly/react-core';

import { _ } from '../lib/i18n';
import { tabPath, toHash } from '../lib/routes';
import type { Route, Tab } from '../lib/routes';

const tabs = (): [Tab, string][] => [
    ['overview', _('Overview')], ['install', _('Install')], ['cves', _('CVEs')], ['lock', _('Lock')],
];

export function Navigation({ route }: { route: Route }) {
    const current = route.page === 'patch' ? 'overview' : route.page;
    return (
        <Nav variant="horizontal" className="lpd-navigation" aria-label={_('Live patches')}>
            <NavList>
                {tabs().map(([tab, label]) => (
                    <NavItem key={tab} itemId={tab} isActive={tab === current} preventDefault data-nav={tab}
                             to={toHash(tabPath(tab))} onClick={() => cockpit.location.go(tabPath(tab))}>
                        {label}
                    </NavItem>))}
            </NavList>
        </Nav>
    );
}
