// SPDX-License-Identifier: LGPL-2.1-or-later
import type { Changes } from '../schema';
import { format, _ } from './i18n';

function ofPatch(patch: Changes['patches'][number], dryRun: boolean): string[] {
    const list: string[] = [];
    if (patch.message !== null)
        list.push(patch.message);
    else if (dryRun)
        list.push(patch.wouldChange ? format(_('$0 would be changed'), patch.name)
                                    : format(_('$0 would stay as it is'), patch.name));
    else if (!patch.changed)
        list.push(format(_('$0 stays as it was'), patch.name));
    if (patch.deferred && !patch.message?.includes(patch.deferred.reason))
        list.push(patch.deferred.reason);
    return list;
}

/** What a command did, in sentences, each of them once. */
export function changeMessages(changes: Changes): string[] {
    const list = [
        ...changes.patches.flatMap(patch => ofPatch(patch, changes.dryRun === true)),
        ...(changes.notes ?? []),
        ...(changes.initramfs ?? []).map(({ message }) => message),
    ];
    return [...new Set(list)];
}
