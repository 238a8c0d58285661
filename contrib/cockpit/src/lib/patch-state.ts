// SPDX-License-Identifier: LGPL-2.1-or-later
import type { Patch } from '../schema';
import { _ } from './i18n';

export type Tone = 'success' | 'info' | 'warning' | 'danger' | 'neutral';

export interface Shown {
    text: string;
    tone: Tone;
}

/** What needs a look comes first. */
const ORDER: Patch['state'][] = [
    'failed', 'refused', 'quarantined', 'transition', 'active', 'disabled', 'skipped', 'absent', 'replaced',
];

/** The state of a patch in a word, with its weight. */
export function shownState(patch: Pick<Patch, 'state' | 'reasonCode'>): Shown {
    if (patch.reasonCode === 'overridden')
        return { text: _('Overridden'), tone: 'danger' };
    switch (patch.state) {
    case 'active':
        return patch.reasonCode === 'fallback'
            ? { text: _('Active, older build'), tone: 'warning' }
            : { text: _('Active'), tone: 'success' };
    case 'transition':
        return patch.reasonCode === 'stalled'
            ? { text: _('Stalled'), tone: 'warning' }
            : { text: _('In transition'), tone: 'info' };
    case 'failed': return { text: _('Failed'), tone: 'danger' };
    case 'refused': return { text: _('Refused'), tone: 'danger' };
    case 'quarantined': return { text: _('Quarantined'), tone: 'danger' };
    case 'disabled': return { text: _('Disabled'), tone: 'neutral' };
    case 'replaced': return { text: _('Replaced'), tone: 'neutral' };
    case 'skipped': return { text: _('Skipped'), tone: 'neutral' };
    case 'absent': return { text: _('Not loaded'), tone: 'neutral' };
    }
}

export function byUrgency(a: Patch, b: Patch): number {
    return ORDER.indexOf(a.state) - ORDER.indexOf(b.state) ||
        a.name.localeCompare(b.name, 'en', { numeric: true });
}

export type ActionName = 'load' | 'unload' | 'enable' | 'disable' | 'clear';

/** The actions that make sense for a patch. lpctl decides whether they succeed. */
export function actionsFor(patch: Patch): ActionName[] {
    const actions: ActionName[] = [];
    const { loaded, enabled } = patch.kernelState;
    if (patch.manifest !== null && !(loaded && enabled))
        actions.push('load');
    if (loaded && !patch.kernelState.replaced)
        actions.push('unload');
    if (patch.manifest !== null)
        actions.push(patch.enabledNext ? 'disable' : 'enable');
    if (patch.guard === 'quarantined' || patch.state === 'quarantined')
        actions.push('clear');
    return actions;
}

/** How loudly a reason is said. */
export function alertVariant(tone: Tone): 'danger' | 'warning' | 'info' {
    return tone === 'danger' || tone === 'warning' ? tone : 'info';
}
