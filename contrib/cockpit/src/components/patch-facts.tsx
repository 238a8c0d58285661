// SPDX-License-Identifier: LGPL-2.1-or-later
import { Card, CardBody, CardTitle } from '@patternfly/react-core';

import { format, _ } from '../lib/i18n';
import { formatTime, yesNo } from '../lib/text';
import type { Patch } from '../schema';
import { Facts } from './facts';
import type { Fact } from './facts';

const mono = (text: string | null) => text && <span className="lpd-mono">{text}</span>;
const words = (list: readonly string[]) => list.join(', ');

function probeText({ limits, kernelState }: Patch): string | null {
    if (!limits?.probe)
        return null;
    return kernelState.probe === null ? limits.probe : `${limits.probe}: ${kernelState.probe}`;
}

function rolloutText({ limits }: Patch): string | null {
    if (limits === null || (limits.rolloutPercent === 100 && limits.rolloutWaves.length <= 1))
        return null;
    return format(_('$0 % of the machines now'), limits.rolloutPercent);
}

function factsOf(patch: Patch): Fact[] {
    const { module, kernelState, relations, limits } = patch;
    return [
        [_('Fixes'), words(patch.fixes), 'fixes'],
        [_('Since'), formatTime(patch.since), 'since'],
        [_('Loaded at boot'), yesNo(patch.enabledNext), 'enabled-next'],
        [_('Required'), yesNo(patch.required)],
        [_('Stage'), patch.stage],
        [_('Loaded in stage'), patch.loadedStage],
        [_('Guard'), patch.guard, 'guard'],
        [_('Attempts'), patch.attempts === null ? null : String(patch.attempts)],
        [_('Installed build is loaded'), kernelState.installed === null ? null : yesNo(kernelState.installed)],
        [_('Probe'), probeText(patch)],
        [_('Objects'), words(kernelState.objects)],
        [_('Loaded after'), relations && words(relations.after)],
        [_('Requires'), relations && words(relations.requires)],
        [_('Conflicts with'), relations && words(relations.conflicts)],
        [_('On stall'), limits?.onStall],
        [_('Time for the transition'), limits?.timeoutUsec ? format(_('$0 s'), limits.timeoutUsec / 1e6) : null],
        [_('Rollout'), rolloutText(patch)],
        [_('Parameters'), mono(patch.parameters)],
        [_('Manifest'), mono(patch.manifest)],
        [_('Module'), mono(module.path)],
        [_('Build id'), mono(module.buildId)],
    ];
}

export function PatchFacts({ patch }: { patch: Patch }) {
    return (
        <Card data-section="facts">
            <CardTitle component="h2">{_('Patch')}</CardTitle>
            <CardBody><Facts columns={3} facts={factsOf(patch)} /></CardBody>
        </Card>
    );
}
