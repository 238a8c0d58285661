// SPDX-License-Identifier: LGPL-2.1-or-later
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';

import { patchedFunctions } from '../lib/functions';
import type { PatchedFunction } from '../lib/functions';
import { format, _ } from '../lib/i18n';
import type { Patch } from '../schema';
import { Section } from './section';

function note({ layers, top, waitsFor }: PatchedFunction, module: string | null): string {
    if (waitsFor !== null)
        return format(_('Waits for the module $0'), waitsFor);
    if (layers > 1 && top !== null && top !== module)
        return format(_('Changed by $0 patches, the code of $1 runs'), layers, top);
    return layers > 1 ? format(_('Changed by $0 patches'), layers) : '';
}

export function FunctionsSection({ patch }: { patch: Patch }) {
    const functions = patchedFunctions(patch.kernelState);
    return (
        <Section id="functions" title={_('Functions')}>
            {functions.length === 0
                ? <p>{_('The patch is not loaded, so the kernel lists no functions.')}</p>
                : <Table variant="compact" aria-label={_('Functions')} gridBreakPoint="grid-md">
                    <Thead><Tr><Th>{_('Function')}</Th><Th>{_('Object')}</Th><Th>{_('Note')}</Th></Tr></Thead>
                    <Tbody>
                        {functions.map(item => (
                            <Tr key={`${item.object}/${item.name},${item.position}`} data-function={item.name}>
                                <Td dataLabel={_('Function')} className="lpd-mono">{item.name}</Td>
                                <Td dataLabel={_('Object')} className="lpd-mono">{item.object}</Td>
                                <Td dataLabel={_('Note')}>{note(item, patch.module.name)}</Td>
                            </Tr>))}
                    </Tbody>
                </Table>}
        </Section>
    );
}
