// SPDX-License-Identifier: LGPL-2.1-or-later
import type { Cves } from '../schema';
import { _ } from './i18n';
import type { Shown } from './patch-state';

export type Cve = Cves['cves'][number];

export function shownCve(state: Cve['state']): Shown {
    switch (state) {
    case 'effective': return { text: _('Fixed now'), tone: 'success' };
    case 'pending': return { text: _('Pending'), tone: 'info' };
    case 'overridden': return { text: _('Overridden'), tone: 'danger' };
    case 'installed': return { text: _('Installed, not effective'), tone: 'warning' };
    case null: return { text: _('No known patch'), tone: 'neutral' };
    }
}

/** Those whose id, patch or reason has every word of the search. */
export function searchCves(cves: readonly Cve[], search: string): Cve[] {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return cves.filter(({ id, patch, reason, state }) => {
        const text = [id, patch, reason, state].join(' ').toLowerCase();
        return words.every(word => text.includes(word));
    });
}

export interface ExportFormat {
    /** what lpctl cves --format= takes */
    format: string;
    label: string;
    file: string;
}

export const EXPORT_FORMATS: readonly ExportFormat[] = [
    { format: 'openvex', label: 'OpenVEX', file: 'lpd.openvex.json' },
    { format: 'csaf', label: 'CSAF', file: 'lpd.csaf.json' },
    { format: 'cyclonedx', label: 'CycloneDX', file: 'lpd.cdx.json' },
];
