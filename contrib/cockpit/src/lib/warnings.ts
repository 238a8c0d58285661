// SPDX-License-Identifier: LGPL-2.1-or-later
import type { Patch, Status } from '../schema';
import { format, _ } from './i18n';

export interface Warning {
    id: string;
    variant: 'danger' | 'warning' | 'info';
    text: string;
    /** What to do about it. */
    wayOut: string | null;
    /** A command that does it. */
    command: string | null;
    /** The patch whose page has more. */
    patch: string | null;
}

type Silenced = Status['policy']['silenced'][number];

function warning(id: string, variant: Warning['variant'], text: string, more: Partial<Warning> = {}): Warning {
    return { id, variant, text, wayOut: null, command: null, patch: null, ...more };
}

function ofSwitches({ kernel, switches }: Status): Warning[] {
    const list: Warning[] = [];
    if (!kernel.livepatch)
        list.push(warning('no-livepatch', 'danger', _('This kernel cannot be patched live.'),
                          { wayOut: _('Boot a kernel that is built with CONFIG_LIVEPATCH.') }));
    if (switches.crashKernel)
        list.push(warning('crash-kernel', 'info', _('This is a crash kernel: nothing is loaded or locked.')));
    if (switches.disabledOnCommandLine)
        list.push(warning('disabled-on-command-line', 'warning',
                          _('lpd=0 is on the kernel command line: nothing is loaded at boot.'),
                          { wayOut: _('Remove it from the configuration of the boot loader, and reboot.') }));
    if (switches.disabledByFile)
        list.push(warning('disabled-by-file', 'warning', _('/etc/lpd/disable exists: nothing is loaded at boot.'),
                          { wayOut: _('Remove the file.'), command: 'rm /etc/lpd/disable' }));
    if (switches.skip.length > 0)
        list.push(warning('skip', 'warning',
                          format(_('lpd.skip= on the kernel command line keeps patches out: $0'),
                                 switches.skip.join(', ')),
                          { wayOut: _('Remove it from the configuration of the boot loader, and reboot.') }));
    return list;
}

function ofPolicy({ policy, requiredMissing }: Status): Warning[] {
    const list: Warning[] = [];
    if (policy.problem !== null)
        list.push(warning('policy', 'danger', format(_('The policy has an error, so nothing is loaded: $0'),
                                                     policy.problem),
                          { wayOut: _('Correct the file, and check it.'), command: 'lpctl lint' }));
    if (policy.signature === 'permissive')
        list.push(warning('permissive', 'warning', _('The policy accepts unsigned patches: Signature=permissive.'),
                          { wayOut: _('Set Signature=required in lpd.conf once all patches are signed.') }));
    if (requiredMissing.length > 0)
        list.push(warning('required', 'danger', format(_('Required, but not loaded: $0'),
                                                       requiredMissing.join(', ')),
                          { wayOut: _('The page of each patch says why.'), patch: requiredMissing[0] ?? null }));
    return list;
}

function ofLock({ lock }: Status): Warning[] {
    const list: Warning[] = [];
    if (lock.state === 'refused')
        list.push(warning('lock-refused', 'danger', format(_('The lock was refused: $0'), lock.reason ?? ''),
                          { wayOut: _('The lock page shows what a lock would do now.') }));
    if (lock.refused !== null && lock.refused.count > 0)
        list.push(warning('refused-loads', 'warning',
                          format(_('The kernel has refused $0 loads of modules since the lock, the last by $1.'),
                                 lock.refused.count, lock.refused.command ?? _('an unknown process')),
                          { wayOut: _('Add what the machine needs to Modules= in lpd.conf, and reboot.') }));
    return list;
}

function ofPatches(patches: readonly Patch[]): Warning[] {
    const list: Warning[] = [];
    for (const patch of patches) {
        if (patch.overridden !== null)
            list.push(warning(`overridden-${patch.name}`, 'danger',
                              format(_('The code of $0 may not run: $1'), patch.name, patch.overridden),
                              { wayOut: _('Stop the program that traces the function.'), patch: patch.name }));
        if (patch.state === 'quarantined' || patch.guard === 'quarantined')
            list.push(warning(`quarantined-${patch.name}`, 'danger',
                              format(_('$0 is quarantined and is not loaded at boot.'), patch.name),
                              { wayOut: _('Install a corrected build, or clear the patch if it was not to blame.'),
                                patch: patch.name }));
        if (patch.reasonCode === 'stalled')
            list.push(warning(`stalled-${patch.name}`, 'warning',
                              format(_('The transition of $0 has stalled.'), patch.name),
                              { wayOut: _('The page of the patch shows the tasks that block it.'),
                                patch: patch.name }));
    }
    return list;
}

/** The warnings of lpctl status that Silence= can turn off. Their texts are lpctl's own. */
function silenceable(status: Status): [Silenced, Warning][] {
    const list: [Silenced, Warning][] = [];
    const { initramfs, nextBoot, crash, kpatch, layered, patches } = status;
    if (initramfs.message !== null)
        list.push(['initramfs', warning('initramfs', 'warning', initramfs.message,
                                        { command: initramfs.rebuilt ? null : initramfs.command })]);
    if (nextBoot.message !== null)
        list.push(['next-kernel', warning('next-kernel', 'warning', nextBoot.message)]);
    if (crash.message !== null)
        list.push(['panic', warning('panic', 'warning', crash.message)]);
    if (kpatch.message !== null)
        list.push(['kpatch', warning('kpatch', 'warning', kpatch.message)]);
    if (layered?.message)
        list.push(['layers', warning('layers', 'warning', layered.message)]);
    for (const patch of patches) {
        if (patch.kernelState.loaded && patch.applies === false)
            list.push(['inapplicable', warning(`inapplicable-${patch.name}`, 'warning',
                                               format(_('$0 is loaded, but does not apply here.'), patch.name),
                                               { patch: patch.name })]);
        if (patch.lateReason !== null)
            list.push(['late', warning(`late-${patch.name}`, 'warning',
                                       format(_('The boot continued before $0 was loaded: $1'), patch.name,
                                              patch.lateReason),
                                       { patch: patch.name })]);
        patch.warnings.forEach((text, i) =>
            list.push(['manifest', warning(`manifest-${patch.name}-${i}`, 'warning', text, { patch: patch.name })]));
    }
    return list;
}

const WEIGHT = { danger: 0, warning: 1, info: 2 };

/** Everything on the machine that needs a look, the worst first. */
export function warningsOf(status: Status): Warning[] {
    const silenced = new Set<Silenced>(status.policy.silenced);
    const list = [
        ...ofSwitches(status), ...ofPolicy(status), ...ofLock(status), ...ofPatches(status.patches),
        ...silenceable(status).filter(([kind]) => !silenced.has(kind)).map(([, item]) => item),
        ...(status.volume?.problems ?? []).map((text, i) => warning(`volume-${i}`, 'warning', text)),
    ];
    return list.sort((a, b) => WEIGHT[a.variant] - WEIGHT[b.variant]);
}
