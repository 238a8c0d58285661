// SPDX-License-Identifier: LGPL-2.1-or-later
import './fake-cockpit';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changeMessages } from '../src/lib/changes';
import { searchCves } from '../src/lib/cves';
import { neededModules } from '../src/lib/forecast';
import { patchedFunctions } from '../src/lib/functions';
import { parseJournal } from '../src/lib/journal';
import { guardText, lockText, secureBootText } from '../src/lib/machine-facts';
import { actionsFor, byUrgency, shownState } from '../src/lib/patch-state';
import { parseRoute, patchPath, toHash } from '../src/lib/routes';
import { formatTime, isModuleFile, nameOfFile } from '../src/lib/text';
import { isInstallable, isRefused } from '../src/lib/verify';
import { warningsOf } from '../src/lib/warnings';
import { isChange } from '../src/lib/watch';
import { patch, quarantined, stalled, status } from './fixtures';

test('routes', () => {
    assert.deepEqual(parseRoute([]), { page: 'overview' });
    assert.deepEqual(parseRoute(['install']), { page: 'install' });
    assert.deepEqual(parseRoute(patchPath('fix-a')), { page: 'patch', name: 'fix-a' });
    for (const path of [['patch'], ['patch', ''], ['patch', 'a', 'b'], ['lock', 'x'], ['nothing']])
        assert.deepEqual(parseRoute(path), { page: 'unknown' });
    assert.equal(toHash(patchPath('a b')), '#/patch/a%20b');
});

test('a file names its patch, and a bad name is refused before an upload', () => {
    assert.equal(nameOfFile('/run/x/fix_nft.ko.zst'), 'fix-nft');
    assert.ok(isModuleFile('fix-nft.ko'));
    for (const name of ['fix.txt', '../fix.ko', 'a b.ko', '.ko', '-x.ko', `${'a'.repeat(200)}.ko`])
        assert.ok(!isModuleFile(name), name);
});

test('times are microseconds', () => {
    assert.match(formatTime(1700000000000000), /2023/);
    assert.equal(formatTime(null), '');
});

test('the state of a patch', () => {
    assert.deepEqual(shownState(stalled), { text: 'Stalled', tone: 'warning' });
    assert.deepEqual(shownState(quarantined), { text: 'Quarantined', tone: 'danger' });
    assert.deepEqual(shownState(patch('a')), { text: 'Active', tone: 'success' });
    assert.equal(shownState({ state: 'active', reasonCode: 'overridden' }).tone, 'danger');
    assert.equal(shownState({ state: 'active', reasonCode: 'fallback' }).tone, 'warning');
});

test('what needs a look comes first, then version order', () => {
    const list = [patch('lp-10'), patch('lp-9'), stalled, quarantined].sort(byUrgency);
    assert.deepEqual(list.map(({ name }) => name), ['fix-bad', 'fix-slow', 'lp-9', 'lp-10']);
});

test('actions', () => {
    assert.deepEqual(actionsFor(patch('a')), ['unload', 'disable']);
    assert.deepEqual(actionsFor(quarantined), ['load', 'disable', 'clear']);
    assert.deepEqual(actionsFor(patch('a', { manifest: null, enabledNext: null })), ['unload']);
    assert.deepEqual(actionsFor(patch('a', { state: 'disabled', enabledNext: false,
                                             kernelState: { loaded: true, enabled: false } })),
                     ['load', 'unload', 'enable']);
    assert.deepEqual(actionsFor(patch('a', { state: 'replaced', kernelState: { replaced: true, enabled: false } })),
                     ['load', 'disable']);
});

test('no warnings on a machine in order', () => {
    assert.deepEqual(warningsOf(status([patch('a')])), []);
});

test('each warning has a way out, and the worst comes first', () => {
    const bad = status([stalled, quarantined], {
        policy: { signature: 'permissive', problem: 'lpd.conf:2: unknown key', silenced: [] },
        switches: { disabledOnCommandLine: true, disabledByFile: true, crashKernel: false, skip: ['fix-a'] },
        requiredMissing: ['fix-bad'],
    });
    const warnings = warningsOf(bad);
    assert.deepEqual(new Set(warnings.map(({ id }) => id)), new Set([
        'policy', 'permissive', 'disabled-on-command-line', 'disabled-by-file', 'skip', 'required',
        'quarantined-fix-bad', 'stalled-fix-slow']));
    assert.deepEqual(warnings.filter(({ wayOut }) => wayOut === null), []);
    const order = warnings.map(({ variant }) => variant);
    assert.deepEqual(order, [...order].sort());
});

test('silenced warnings are not shown', () => {
    const parts = { initramfs: { carried: true, patches: [], rebuilt: false, command: 'update-initramfs -u',
                                 message: 'the initramfs contains an outdated fix-a' } };
    const shown = warningsOf(status([], parts));
    assert.deepEqual(shown.map(({ id, command }) => [id, command]), [['initramfs', 'update-initramfs -u']]);
    const policy = { signature: 'required' as const, problem: null, silenced: ['initramfs' as const] };
    assert.deepEqual(warningsOf(status([], { ...parts, policy })), []);
});

test('facts of the machine', () => {
    const machine = status([patch('a'), quarantined]);
    assert.equal(guardText(machine), '1 confirmed, 1 quarantined');
    assert.equal(secureBootText(machine), 'On');
    assert.equal(lockText(machine), 'Off');
    const lock = { ...machine.lock, locked: true, since: 1700000000000000 };
    assert.match(lockText({ ...machine, lock }), /^Modules are locked until reboot, since .*2023/);
});

test('what a command did', () => {
    const changes = {
        schemaVersion: 1 as const, changed: true,
        patches: [{ name: 'a', changed: true, message: 'loaded' }, { name: 'b', changed: false, message: null }],
        notes: ['loaded'],
        initramfs: [{ kernel: '6.1', command: null, done: false, message: 'rebuild the initramfs' }],
    };
    assert.deepEqual(changeMessages(changes), ['loaded', 'b stays as it was', 'rebuild the initramfs']);
    const dry = { schemaVersion: 1 as const, dryRun: true as const, changed: false, wouldChange: true,
                  patches: [{ name: 'a', changed: false, wouldChange: true, message: null }] };
    assert.deepEqual(changeMessages(dry), ['a would be changed']);
});

test('search of CVEs', () => {
    const cves = [
        { id: 'CVE-2024-1', state: 'effective' as const, patch: 'fix-net', reason: null, since: 1 },
        { id: 'CVE-2024-2', state: 'installed' as const, patch: 'fix-ipc', reason: 'Enabled=no', since: null },
    ];
    assert.equal(searchCves(cves, '').length, 2);
    assert.deepEqual(searchCves(cves, ' cve-2024 NET ').map(({ id }) => id), ['CVE-2024-1']);
    assert.deepEqual(searchCves(cves, 'enabled=no').map(({ id }) => id), ['CVE-2024-2']);
});

test('functions', () => {
    const { kernelState } = patch('a', { kernelState: {
        functions: ['vmlinux/do_exit,1', 'nf_tables/nft_set,2'],
        layers: [{ function: 'nf_tables/nft_set,2', patches: 2, top: 'fix_b', since: null, waitsFor: null }],
    } });
    assert.deepEqual(patchedFunctions(kernelState), [
        { object: 'vmlinux', name: 'do_exit', position: '1', layers: 0, top: null, waitsFor: null },
        { object: 'nf_tables', name: 'nft_set', position: '2', layers: 2, top: 'fix_b', waitsFor: null },
    ]);
});

test('a module of the forecast is one row', () => {
    const forecast = {
        kernel: '6.1', outcome: 'lock' as const, reason: null, hint: null, alsoLockedBy: [], unread: [],
        proposal: { modules: [], text: null },
        modules: [
            { module: 'vfat', source: 'filesystem' as const, reason: '/boot/efi', loaded: false },
            { module: 'loop', source: 'service' as const, reason: 'snapd', loaded: true },
            { module: 'vfat', source: 'record' as const, reason: 'loaded before', loaded: false },
        ],
    };
    assert.deepEqual(neededModules(forecast).map(({ module, needs }) => [module, needs.length]),
                     [['loop', 1], ['vfat', 2]]);
});

test('the journal: newest first, bytes, cut lines', () => {
    const entries = parseJournal([
        '{"__CURSOR":"a","__REALTIME_TIMESTAMP":"1700000000000000","PRIORITY":"3","MESSAGE":"first"}',
        '{"__CURSOR":"b","__REALTIME_TIMESTAMP":"1700000001000000","PRIORITY":"6","MESSAGE":[104,105]}',
        '{"__CURSOR":"c","MESS', ''].join('\n'));
    assert.deepEqual(entries.map(({ id, priority, message }) => [id, priority, message]),
                     [['b', 6, 'hi'], ['a', 3, 'first']]);
    assert.equal(entries[1]?.time, 1700000000000);
});

test('an install needs a file that was read and that the policy accepts', () => {
    const verify = { schemaVersion: 1 as const, path: '/a.ko', steps: [], sha256: 'aa', policy: 'required' as const,
                     accepted: { required: false, local: false, permissive: true } };
    assert.ok(isRefused(verify));
    assert.ok(!isInstallable(verify));
    assert.ok(isInstallable({ ...verify, policy: 'permissive' }));
    assert.ok(!isInstallable({ schemaVersion: 1, path: '/a.ko', steps: [] }));
});

test('a record of lpd is a change, its lock is none', () => {
    assert.ok(isChange('{"event":"done-hint","path":"/run/lpd/fix-a.json"}'));
    assert.ok(isChange('{"event":"deleted","path":"/etc/lpd/patches.d/fix-a.conf"}'));
    assert.ok(!isChange('{"event":"done-hint","path":"/run/lpd/changes.lock"}'));
    assert.ok(!isChange('{"event":"attribute-changed","path":"/run/lpd"}'));
    assert.ok(!isChange('not JSON'));
});

test('the reason for a later load is said once', () => {
    const deferred = { code: 'other-kernel' as const, reason: 'it will be loaded when that kernel boots' };
    const said = (message: string | null) =>
        changeMessages({ schemaVersion: 1, changed: true, patches: [{ name: 'a', changed: true, message, deferred }] });
    assert.deepEqual(said(`installed; ${deferred.reason}`), [`installed; ${deferred.reason}`]);
    assert.deepEqual(said('installed'), ['installed', deferred.reason]);
});
