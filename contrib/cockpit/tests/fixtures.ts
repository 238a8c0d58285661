// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers of lpctl. The type check compares them with the schema.
import type { KernelState, Patch, Status } from '../src/schema';

const kernelState: KernelState = {
    loaded: true, enabled: true, transition: false, transitionUsec: 40000, replaced: false, buildId: 'aa', sha256: null,
    installed: true, probe: null, objects: ['vmlinux'], patched: ['vmlinux'], unpatched: [], functions: [], layers: [],
};

type PatchParts = Partial<Omit<Patch, 'kernelState'>> & { kernelState?: Partial<KernelState> };

export function patch(name: string, parts: PatchParts = {}): Patch {
    return {
        name, description: null, fixes: [], manifest: `/etc/lpd/patches.d/${name}.conf`, warnings: [], stage: 'system',
        required: false, applies: true, state: 'active', reason: null, reasonCode: null, overridden: null,
        enabledNow: true, enabledNext: true, signature: null, guard: 'confirmed', attempts: 0, since: 1700000000000000,
        module: { name: name.replaceAll('-', '_'), path: null, sha256: null, buildId: null, vermagic: null },
        parameters: null, relations: { after: [], requires: [], conflicts: [] },
        limits: {
            waitFor: 'loaded', timeoutUsec: 60000000, onStall: 'wait', probe: null, rolloutPercent: 100,
            rolloutWaves: [{ percent: 100, since: null }], rolloutTags: [],
        },
        loadedStage: 'system', earlyReason: null, lateReason: null,
        ...parts,
        kernelState: { ...kernelState, ...parts.kernelState },
    };
}

export const stalled = patch('fix-slow', {
    state: 'transition', reasonCode: 'stalled', reason: 'stalled: it has not finished in TimeoutSec=',
    kernelState: { transition: true },
});

export const quarantined = patch('fix-bad', {
    state: 'quarantined', guard: 'quarantined', reason: 'the machine crashed in 2 boots with this build',
    kernelState: { loaded: false, enabled: false, objects: [] },
});

export function status(patches: Patch[], parts: Partial<Status> = {}): Status {
    return {
        schemaVersion: 1,
        kernel: {
            release: '6.1.0-56-cloud-amd64', buildId: 'bb', livepatch: true, sigEnforce: false, lockdown: 'none',
            secureBoot: true, modulesDisabled: false,
        },
        policy: { signature: 'required', problem: null, silenced: [] },
        switches: { disabledOnCommandLine: false, disabledByFile: false, crashKernel: false, skip: [] },
        lock: {
            policy: 'no', alsoLockedBy: [], locked: false, kexecLocked: false, sealed: false, state: null, reason: null,
            since: null, by: null, refused: null,
        },
        volume: null, early: null, patches, requiredMissing: [],
        initramfs: { carried: false, patches: [], rebuilt: false, command: null, message: null },
        nextBoot: { kernel: null, missing: [], message: null },
        crash: { rebootsAfterPanic: true, watchdog: false, message: null },
        kpatch: { enabled: false, message: null },
        layered: null,
        ...parts,
    };
}
