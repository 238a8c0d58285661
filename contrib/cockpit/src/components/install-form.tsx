// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import { Button, Checkbox, Form, FormGroup, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';

import { install } from '../api';
import type { InstallOptions } from '../api';
import { useMachine } from '../lib/context';
import { format, _ } from '../lib/i18n';
import { nameOfFile } from '../lib/text';
import type { Changes } from '../schema';
import { ChangesAlert } from './changes';
import { ConfirmDialog } from './confirm-dialog';
import { ErrorAlert } from './states';

interface FieldsProps {
    options: InstallOptions;
    onChange: (options: InstallOptions) => void;
    proposal: string;
}

function Fields({ options, onChange, proposal }: FieldsProps) {
    return (
        <>
            <FormGroup label={_('Name of the patch')} fieldId="lpd-install-name">
                <TextInput id="lpd-install-name" value={options.name} placeholder={proposal}
                           onChange={(_event, name) => onChange({ ...options, name })} />
            </FormGroup>
            <FormGroup label={_('Fixes')} fieldId="lpd-install-fixes">
                <TextInput id="lpd-install-fixes" value={options.fixes} placeholder="CVE-2024-1086"
                           onChange={(_event, fixes) => onChange({ ...options, fixes })} />
            </FormGroup>
            <FormGroup label={_('Load at boot')} fieldId="lpd-install-stage">
                <FormSelect id="lpd-install-stage" value={options.stage} onChange={(_event, stage) =>
                    onChange({ ...options, stage: stage === 'initrd' ? 'initrd' : 'system' })}>
                    <FormSelectOption value="system" label={_('Before services start')} />
                    <FormSelectOption value="initrd" label={_('In the initramfs')} />
                </FormSelect>
            </FormGroup>
            <Checkbox id="lpd-install-load" label={_('Load it now')} isChecked={options.load}
                      onChange={(_event, load) => onChange({ ...options, load })} />
        </>
    );
}

interface Props {
    path: string;
    /** Whether the verification leaves an install a chance. */
    installable: boolean;
    onInstalled: (changes: Changes) => void;
}

/** How a verified module is installed: its options, a dry run, the install. */
export function InstallForm({ path, installable, onInstalled }: Props) {
    const { admin, refresh } = useMachine();
    const [options, setOptions] = useState<InstallOptions>({ name: '', stage: 'system', fixes: '', load: true });
    const [asked, setAsked] = useState(false);
    const [busy, setBusy] = useState(false);
    const [dry, setDry] = useState<Changes | null>(null);
    const [error, setError] = useState<unknown>(null);
    const name = options.name || nameOfFile(path);
    const off = admin !== true;

    const dryRun = () => {
        setBusy(true);
        setDry(null);
        setError(null);
        install(path, options, true).then(setDry, setError).finally(() => setBusy(false));
    };
    return (
        <Form onSubmit={event => event.preventDefault()}>
            <Fields options={options} proposal={nameOfFile(path)} onChange={changed => {
                setOptions(changed);
                setDry(null);
            }} />
            {dry !== null && <ChangesAlert title={_('What an install would do')} changes={dry} />}
            {error !== null && <ErrorAlert title={_('An install would fail')} error={error} />}
            <div className="lpd-row">
                <Button variant="primary" data-action="install" isDisabled={off || !installable}
                        onClick={() => setAsked(true)}>
                    {_('Install')}
                </Button>
                <Button variant="secondary" data-action="dry-run" isDisabled={off || busy} isLoading={busy}
                        onClick={dryRun}>
                    {_('Dry run')}
                </Button>
            </div>
            {asked &&
                <ConfirmDialog run={() => install(path, options, false)}
                               onDone={changes => {
                                   setAsked(false);
                                   refresh();
                                   onInstalled(changes);
                               }}
                               onClose={() => setAsked(false)}
                               confirmation={{
                                   action: 'install',
                                   title: format(_('Install $0?'), name),
                                   body: options.load
                                       ? _('lpd installs the module, loads it now, and loads it at every boot.')
                                       : _('lpd installs the module, and loads it at every boot.'),
                                   button: _('Install'),
                               }} />}
        </Form>
    );
}
