// SPDX-License-Identifier: LGPL-2.1-or-later
import { DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm }
    from '@patternfly/react-core';
import type { ReactNode } from 'react';

export type Fact = [label: string, value: ReactNode, id?: string];

/** Names and values. A fact without a value is left out. */
export function Facts({ facts, columns = 2 }: { facts: readonly Fact[]; columns?: 1 | 2 | 3 }) {
    const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
    return (
        <DescriptionList isCompact columnModifier={{
            default: '1Col', md: columns > 1 ? '2Col' : '1Col', xl: columns > 2 ? '3Col' : undefined,
        }}>
            {shown.map(([label, value, id]) => (
                <DescriptionListGroup key={label}>
                    <DescriptionListTerm>{label}</DescriptionListTerm>
                    <DescriptionListDescription data-fact={id}>{value}</DescriptionListDescription>
                </DescriptionListGroup>))}
        </DescriptionList>
    );
}
