// SPDX-License-Identifier: LGPL-2.1-or-later
import { calls, reply } from './fake-cockpit';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallError, act, getStatus, getVerify, install, lockNow, removeUpload } from '../src/api';

const failure = { message: 'fix-a: refused: it is not signed', hint: 'sign it', exitStatus: 5 };
const changes = { schemaVersion: 1, changed: true, patches: [] };

test('a failure is what lpctl says, in full', async () => {
    reply({ schemaVersion: 1, error: failure });
    await assert.rejects(act('load', 'fix-a'), (error: unknown) => {
        assert.ok(error instanceof CallError);
        assert.deepEqual([error.message, error.hint, error.exitStatus],
                         [failure.message, failure.hint, failure.exitStatus]);
        return true;
    });
});

test('without JSON the failure is what Cockpit says', async () => {
    reply({ text: '', status: 127, message: 'lpctl: not found' });
    await assert.rejects(getStatus(), { message: 'lpctl: not found' });
});

test('a refused signature keeps its steps', async () => {
    reply({ schemaVersion: 1, path: '/a.ko', steps: [{ step: 'signature', outcome: 'failed', fact: null }],
            error: failure });
    const verify = await getVerify('/a.ko');
    assert.equal(verify.steps.length, 1);
    assert.equal(verify.error?.hint, 'sign it');
});

test('names and paths cannot become options', async () => {
    reply(changes, changes);
    await act('unload', '--force');
    assert.deepEqual(calls[0]?.argv, ['lpctl', 'unload', '--json=short', '--', '--force']);
    await install('/-x.ko', { name: '', stage: 'initrd', fixes: 'CVE-1', load: false }, true);
    assert.deepEqual(calls[1]?.argv, ['lpctl', 'install', '--json=short', '--stage=initrd', '--fixes=CVE-1',
                                      '--no-load', '--dry-run', '--', '/-x.ko']);
});

test('changes need administrative access, and reading does without', async () => {
    reply(changes, { changed: true }, { schemaVersion: 1 });
    await act('clear', 'fix-a');
    await lockNow();
    await getStatus();
    assert.deepEqual(calls.map(({ superuser }) => superuser), ['require', 'require', 'try']);
});

test('only an upload of this page is removed', async () => {
    reply({ text: '' });
    for (const path of ['/etc/passwd', '/run/cockpit-lpd.x/../y/z', '/run/cockpit-lpd./a', '/fix.ko'])
        await removeUpload(path);
    assert.equal(calls.length, 0);
    await removeUpload('/run/cockpit-lpd.Ab3/fix.ko');
    assert.deepEqual(calls.map(({ argv }) => argv), [['rm', '-rf', '--', '/run/cockpit-lpd.Ab3']]);
});
