// SPDX-License-Identifier: LGPL-2.1-or-later
import { Button, Card, CardBody, CardHeader, CardTitle, EmptyState, EmptyStateActions, EmptyStateBody,
    EmptyStateFooter } from '@patternfly/react-core';

import { MachineCard } from '../components/machine-card';
import { PatchTable } from '../components/patch-table';
import { ReadOnly } from '../components/read-only';
import { ErrorAlert, Loading } from '../components/states';
import { WarningList } from '../components/warning-list';
import { useMachine } from '../lib/context';
import { _ } from '../lib/i18n';
import type { Patch } from '../schema';

function NoPatches() {
    return (
        <EmptyState titleText={_('No patches')} headingLevel="h3">
            <EmptyStateBody>{_('No patch is installed or loaded on this machine.')}</EmptyStateBody>
            <EmptyStateFooter>
                <EmptyStateActions>
                    <Button variant="primary" onClick={() => cockpit.location.go(['install'])}>
                        {_('Install a patch')}
                    </Button>
                </EmptyStateActions>
            </EmptyStateFooter>
        </EmptyState>
    );
}

function PatchesCard({ patches, refresh }: { patches: readonly Patch[]; refresh: () => void }) {
    return (
        <Card>
            <CardHeader actions={{
                hasNoOffset: true,
                actions: <Button variant="secondary" data-action="refresh" onClick={refresh}>{_('Refresh')}</Button>,
            }}>
                <CardTitle component="h2">{_('Patches')}</CardTitle>
            </CardHeader>
            <CardBody>{patches.length > 0 ? <PatchTable patches={patches} /> : <NoPatches />}</CardBody>
        </Card>
    );
}

export function OverviewPage() {
    const { status, error, refresh } = useMachine();
    return (
        <div id="lpd-overview" className="lpd-stack" data-ready={status !== null}>
            <h1 className="pf-v6-u-screen-reader">{_('Live patches')}</h1>
            {error !== null && <ErrorAlert title={_('The status could not be read')} error={error} />}
            {status === null
                ? error === null && <Loading />
                : <>
                    <ReadOnly />
                    <WarningList status={status} />
                    <MachineCard status={status} />
                    <PatchesCard patches={status.patches} refresh={refresh} />
                </>}
        </div>
    );
}
