// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';

import { ChangesAlert } from '../components/changes';
import { InstallForm } from '../components/install-form';
import { ModuleForm, sourceOf } from '../components/module-form';
import type { Source } from '../components/module-form';
import { PatchLink } from '../components/patch-table';
import { ReadOnly } from '../components/read-only';
import { Section } from '../components/section';
import { ErrorAlert } from '../components/states';
import { VerifyResult } from '../components/verify-result';
import { _ } from '../lib/i18n';
import { useModuleFile } from '../lib/use-module-file';
import { isInstallable } from '../lib/verify';
import type { Changes } from '../schema';

const NO_SOURCE: Source = { kind: 'upload', file: null, path: '' };

function Installed({ changes, onClose }: { changes: Changes; onClose: () => void }) {
    return (
        <div id="lpd-install-result" className="lpd-stack">
            <ChangesAlert title={_('The patch is installed')} changes={changes} onClose={onClose} />
            <p>{changes.patches.map(({ name }) => <PatchLink key={name} name={name} />)}</p>
        </div>
    );
}

export function InstallPage() {
    const module = useModuleFile();
    const { path, verify, error, busy, check, reset } = module;
    const [source, setSource] = useState(NO_SOURCE);
    const [installed, setInstalled] = useState<Changes | null>(null);
    // A new key makes the browser forget the file of its input as well.
    const [round, setRound] = useState(0);

    const verifyNow = () => {
        const chosen = sourceOf(source);
        if (chosen !== null)
            check(chosen);
    };
    return (
        <div id="lpd-install" className="lpd-stack" data-ready="true">
            <h1 className="pf-v6-screen-reader">{_('Install')}</h1>
            <ReadOnly />
            {installed !== null && <Installed changes={installed} onClose={() => setInstalled(null)} />}
            <Section id="choose" title={_('Install a patch')}>
                <ModuleForm key={round} source={source} busy={busy} onVerify={verifyNow} onChange={changed => {
                    setSource(changed);
                    setInstalled(null);
                    reset();
                }} />
            </Section>
            {error !== null && <ErrorAlert title={_('The module could not be verified')} error={error} />}
            {verify !== null && path !== null && <>
                <Section id="signature" title={_('Signature')}><VerifyResult verify={verify} /></Section>
                <Section id="options" title={_('Options')}>
                    <InstallForm key={path} path={path} installable={isInstallable(verify)} onInstalled={changes => {
                        setInstalled(changes);
                        setSource(NO_SOURCE);
                        setRound(round + 1);
                        reset();
                    }} />
                </Section>
            </>}
        </div>
    );
}
