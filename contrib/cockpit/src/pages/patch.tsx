// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import { Alert, Breadcrumb, BreadcrumbItem, Title } from '@patternfly/react-core';

import { ChangesAlert } from '../components/changes';
import { FunctionsSection } from '../components/functions-section';
import { JournalSection } from '../components/journal-section';
import { LedgerSection } from '../components/ledger-section';
import { PatchActions } from '../components/patch-actions';
import { PatchFacts } from '../components/patch-facts';
import { ReadOnly } from '../components/read-only';
import { SignatureSection } from '../components/signature-section';
import { StateLabel } from '../components/state-label';
import { ErrorAlert, Loading, PatchNotFound } from '../components/states';
import { TransitionSection } from '../components/transition-section';
import { WhySection } from '../components/why-section';
import { doneTitle } from '../lib/confirmations';
import { useMachine } from '../lib/context';
import { _ } from '../lib/i18n';
import { alertVariant, shownState } from '../lib/patch-state';
import type { ActionName } from '../lib/patch-state';
import { useChangeCount } from '../lib/use-change-count';
import type { Changes, Patch } from '../schema';

interface Result {
    action: ActionName;
    changes: Changes;
}

function Header({ patch, onDone }: { patch: Patch; onDone: (action: ActionName, changes: Changes) => void }) {
    const shown = shownState(patch);
    return (
        <>
            <div className="lpd-row" data-patch={patch.name} data-state={patch.state}>
                <Title headingLevel="h1">{patch.name}</Title>
                <StateLabel shown={shown} />
                <div className="lpd-row-end"><PatchActions patch={patch} onDone={onDone} /></div>
            </div>
            {patch.description && <p className="lpd-text">{patch.description}</p>}
            {patch.reason !== null &&
                <Alert isInline component="h2" variant={alertVariant(shown.tone)} title={patch.reason}
                       data-reason={patch.reasonCode ?? ''} />}
        </>
    );
}

function Sections({ patch, generation }: { patch: Patch; generation: number }) {
    const changes = useChangeCount(patch);
    const { name } = patch;
    return (
        <>
            <TransitionSection patch={patch} generation={generation} />
            <WhySection name={name} changes={changes} />
            <PatchFacts patch={patch} />
            <SignatureSection name={name} changes={changes} />
            <FunctionsSection patch={patch} />
            <LedgerSection name={name} changes={changes} />
            <JournalSection name={name} changes={changes} />
        </>
    );
}

export function PatchPage({ name }: { name: string }) {
    const { status, error, generation } = useMachine();
    const [result, setResult] = useState<Result | null>(null);
    const patch = status?.patches.find(item => item.name === name);
    return (
        <div id="lpd-patch" className="lpd-stack" data-ready={status !== null}>
            <Breadcrumb aria-label={_('Breadcrumb')}>
                <BreadcrumbItem to="#/" onClick={event => {
                    event.preventDefault();
                    cockpit.location.go([]);
                }}>
                    {_('Patches')}
                </BreadcrumbItem>
                <BreadcrumbItem isActive>{name}</BreadcrumbItem>
            </Breadcrumb>
            {error !== null && <ErrorAlert title={_('The status could not be read')} error={error} />}
            {status === null && error === null && <Loading />}
            {result !== null &&
                <ChangesAlert title={doneTitle(result.action, name)} changes={result.changes}
                              onClose={() => setResult(null)} />}
            {status !== null && patch === undefined && <PatchNotFound name={name} />}
            {patch !== undefined && <>
                <ReadOnly />
                <Header patch={patch} onDone={(action, changes) => setResult({ action, changes })} />
                <Sections patch={patch} generation={generation} />
            </>}
        </div>
    );
}
