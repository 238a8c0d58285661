// SPDX-License-Identifier: LGPL-2.1-or-later
import './fake-cockpit';

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

import { CallError } from '../src/api';
import { ForecastSection } from '../src/components/forecast-section';
import { Builds } from '../src/components/ledger-section';
import { Navigation } from '../src/components/navigation';
import { VerifyResult } from '../src/components/verify-result';
import { MachineContext } from '../src/lib/context';
import { OverviewPage } from '../src/pages/overview';
import { PatchPage } from '../src/pages/patch';
import type { Status } from '../src/schema';
import { patch, quarantined, stalled, status } from './fixtures';

interface View {
    status?: Status | null;
    error?: unknown;
    admin?: boolean;
}

function render(page: ReactElement, { status = null, error = null, admin = true }: View = {}): string {
    return renderToStaticMarkup(
        <MachineContext.Provider value={{ status, error, generation: 1, refresh: () => undefined, admin }}>
            {page}
        </MachineContext.Provider>);
}

const has = (html: string, ...parts: string[]) => parts.forEach(part => assert.ok(html.includes(part), part));
const lacks = (html: string, ...parts: string[]) => parts.forEach(part => assert.ok(!html.includes(part), part));

test('overview: a stalled and a quarantined patch', () => {
    const fixed = patch('fix-a', { fixes: ['CVE-2024-1'] });
    const html = render(<OverviewPage />, { status: status([fixed, stalled, quarantined]) });
    has(html, 'id="lpd-overview"', 'data-ready="true"', 'data-patch="fix-slow" data-state="transition"',
        'data-patch="fix-bad" data-state="quarantined"', 'Stalled', 'Quarantined', 'CVE-2024-1',
        'data-warning="stalled-fix-slow"', 'data-warning="quarantined-fix-bad"', '#/patch/fix-slow');
    lacks(html, 'data-readonly', 'data-error');
});

test('overview: no patches, an error, and no answer yet', () => {
    has(render(<OverviewPage />, { status: status([]) }), 'No patches', 'Install a patch');
    const error = new CallError('lpctl: not found', 'install lpd', 127);
    has(render(<OverviewPage />, { error }), 'data-error', 'lpctl: not found', 'Hint: install lpd');
    has(render(<OverviewPage />), 'data-ready="false"', 'aria-label="Loading"');
});

test('without administrative access the actions are off, and the page says why', () => {
    const view = { status: status([patch('fix-a')]), admin: false };
    const html = render(<PatchPage name="fix-a" />, view);
    has(html, 'data-readonly', 'administrative access');
    const buttons = html.match(/<button[^>]*data-action="(un)?load"[^>]*>/g) ?? [];
    assert.equal(buttons.length, 1);
    buttons.forEach(button => assert.match(button, /\sdisabled=""/));
});

test('patch: its sections and actions', () => {
    const html = render(<PatchPage name="fix-bad" />, { status: status([quarantined]) });
    has(html, 'id="lpd-patch"', 'data-state="quarantined"', 'the machine crashed in 2 boots', 'data-action="clear"',
        ...['why', 'signature', 'functions', 'transition', 'journal', 'ledger'].map(id => `data-section="${id}"`));
    lacks(html, 'data-action="unload"');
    has(render(<PatchPage name="fix-slow" />, { status: status([stalled]) }), 'The transition has stalled');
    has(render(<PatchPage name="gone" />, { status: status([]) }), 'There is no patch gone');
});

test('verify: an accepted and a refused module', () => {
    const verify = {
        schemaVersion: 1 as const, path: '/a.ko', sha256: 'ab', policy: 'required' as const,
        steps: [{ step: 'signature', outcome: 'failed' as const, fact: 'it is not signed' }],
        accepted: { required: false, local: false, permissive: true },
    };
    has(render(<VerifyResult verify={verify} />), 'data-error', 'The policy refuses it', 'data-outcome="failed"');
    const error = { message: 'a.ko: it is not signed', hint: 'sign it', exitStatus: 5 as const };
    has(render(<VerifyResult verify={{ ...verify, error }} />), 'The policy refuses it', error.message,
        'Hint: sign it');
    const unknown = { schemaVersion: 1 as const, path: '/a.ko', steps: [] };
    lacks(render(<VerifyResult verify={unknown} />), 'The policy');
    const unread = { message: '/a.ko: No such file or directory', hint: null, exitStatus: 1 as const };
    const html = render(<VerifyResult verify={{ schemaVersion: 1, path: '/a.ko', steps: [], error: unread }} />);
    has(html, 'data-error', unread.message);
    lacks(html, 'The policy', 'data-accepted');
    const good = { ...verify, policy: 'permissive' as const };
    has(render(<VerifyResult verify={good} />), 'data-accepted', 'The policy accepts it');
});

test('lock: the forecast is a table with a proposal', () => {
    const html = render(<ForecastSection forecast={{
        kernel: '6.1', outcome: 'refuse', reason: 'fix-a is not loaded', hint: null, alsoLockedBy: [], unread: ['nft'],
        proposal: { modules: ['vfat'], text: '[Lock]\nModules=vfat\n' },
        modules: [{ module: 'vfat', source: 'filesystem', reason: '/boot/efi', loaded: false }],
    }} />);
    has(html, 'data-outcome="refuse"', 'fix-a is not loaded', 'data-module="vfat"', 'id="lpd-lock-proposal"',
        'Modules=vfat');
});

test('every patch is a row', () => {
    const many = status(Array.from({ length: 80 }, (_, i) => patch(`fix-${i}`, { fixes: [`CVE-2026-${i}`] })));
    const html = render(<OverviewPage />, { status: many });
    assert.equal(html.match(/data-patch=/g)?.length, 80);
});

test('the tabs are links, and one of them is the current page', () => {
    const html = render(<Navigation route={{ page: 'patch', name: 'fix-a' }} />);
    const links = html.match(/<a [^>]*>/g) ?? [];
    assert.deepEqual(links.map(link => /data-nav="(\w+)"/.exec(link)?.[1]), ['overview', 'install', 'cves', 'lock']);
    assert.deepEqual(links.map(link => /href="([^"]*)"/.exec(link)?.[1]), ['#/', '#/install', '#/cves', '#/lock']);
    assert.deepEqual(links.map(link => link.includes('aria-current="page"')), [true, false, false, false]);
});

test('ledger: a quarantined build with its evidence, and no bare headings', () => {
    const build = {
        name: 'fix-bad', state: 'quarantined' as const, kernel: '6.1', sha256: 'ab', module: null, buildId: null,
        loaded: false, confirmedStage: null, reason: 'a kernel fault', since: null, attempts: [],
        excerpt: ['BUG: unable to handle', 'RIP: 0010:bad [fix_bad]'],
    };
    const html = render(<Builds ledger={{ schemaVersion: 1, builds: [build], invalid: 0 }} />);
    has(html, 'data-build="ab"', 'Quarantined', 'a kernel fault', 'RIP: 0010:bad [fix_bad]');
    lacks(html, 'Attempts', 'Confirmed for', 'Since');
});
