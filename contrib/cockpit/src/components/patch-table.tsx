// SPDX-License-Identifier: LGPL-2.1-or-later
import { memo } from 'react';
import { Button } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';

import { _ } from '../lib/i18n';
import { byUrgency, shownState } from '../lib/patch-state';
import { patchPath, toHash } from '../lib/routes';
import { formatTime } from '../lib/text';
import type { Patch } from '../schema';
import { StateLabel } from './state-label';

export function PatchLink({ name }: { name: string }) {
    return (
        <Button variant="link" isInline component="a" href={toHash(patchPath(name))}
                onClick={event => {
                    event.preventDefault();
                    cockpit.location.go(patchPath(name));
                }}>
            {name}
        </Button>
    );
}

function PatchCells({ patch }: { patch: Patch }) {
    return (
        <Tr data-patch={patch.name} data-state={patch.state}>
            <Td dataLabel={_('Patch')} modifier="breakWord">
                <PatchLink name={patch.name} />
                {patch.description && <div>{patch.description}</div>}
            </Td>
            <Td dataLabel={_('State')}><StateLabel shown={shownState(patch)} /></Td>
            <Td dataLabel={_('Reason')} className="lpd-text">{patch.reason}</Td>
            <Td dataLabel={_('Since')}>{formatTime(patch.since)}</Td>
            <Td dataLabel={_('Fixes')}>
                {patch.fixes.map(id => <div key={id} className="lpd-id">{id}</div>)}
            </Td>
        </Tr>
    );
}

/** Each answer has new objects, most of them with the same content. */
const PatchRow = memo(PatchCells, (a, b) => JSON.stringify(a.patch) === JSON.stringify(b.patch));

export function PatchTable({ patches }: { patches: readonly Patch[] }) {
    return (
        <Table variant="compact" aria-label={_('Patches')} gridBreakPoint="grid-lg">
            <Thead>
                <Tr>
                    <Th width={20}>{_('Patch')}</Th>
                    <Th>{_('State')}</Th>
                    <Th width={40}>{_('Reason')}</Th>
                    <Th>{_('Since')}</Th>
                    <Th>{_('Fixes')}</Th>
                </Tr>
            </Thead>
            <Tbody>
                {[...patches].sort(byUrgency).map(patch => <PatchRow key={patch.name} patch={patch} />)}
            </Tbody>
        </Table>
    );
}
