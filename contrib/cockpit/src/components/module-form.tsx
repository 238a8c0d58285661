// SPDX-License-Identifier: LGPL-2.1-or-later
import { Button, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, Radio, TextInput }
    from '@patternfly/react-core';

import { useMachine } from '../lib/context';
import { _ } from '../lib/i18n';
import { isModuleFile } from '../lib/text';

export interface Source {
    kind: 'upload' | 'path';
    file: File | null;
    path: string;
}

/** What can be verified, or null. */
export function sourceOf({ kind, file, path }: Source): File | string | null {
    if (kind === 'upload')
        return file !== null && isModuleFile(file.name) ? file : null;
    return path.startsWith('/') ? path : null;
}

function Upload({ source, onChange, disabled }: { source: Source; onChange: (s: Source) => void; disabled: boolean }) {
    const bad = source.file !== null && !isModuleFile(source.file.name);
    return (
        <FormGroup label={_('Module file')} fieldId="lpd-install-file">
            <input type="file" id="lpd-install-file" accept=".ko,.xz,.zst,.gz" disabled={disabled}
                   aria-describedby="lpd-install-file-help"
                   onChange={event => onChange({ ...source, file: event.target.files?.[0] ?? null })} />
            <FormHelperText>
                <HelperText>
                    <HelperTextItem id="lpd-install-file-help" variant={bad ? 'error' : 'default'}>
                        {bad ? _('The name must end in .ko, .ko.xz, .ko.zst or .ko.gz, and must not have blanks.')
                             : _('Your browser sends it to this machine. It is removed again when it is installed.')}
                    </HelperTextItem>
                </HelperText>
            </FormHelperText>
        </FormGroup>
    );
}

function Path({ source, onChange }: { source: Source; onChange: (s: Source) => void }) {
    return (
        <FormGroup label={_('Path on this machine')} fieldId="lpd-install-path">
            <TextInput id="lpd-install-path" value={source.path} placeholder="/root/fix-nft.ko"
                       onChange={(_event, path) => onChange({ ...source, path })} />
        </FormGroup>
    );
}

interface Props {
    source: Source;
    busy: boolean;
    onChange: (source: Source) => void;
    onVerify: () => void;
}

/** Chooses the module: an upload, which needs administrative access, or a file on the machine. */
export function ModuleForm({ source, busy, onChange, onVerify }: Props) {
    const { admin } = useMachine();
    const noUpload = source.kind === 'upload' && admin !== true;
    const radio = (kind: Source['kind'], label: string) =>
        <Radio id={`lpd-install-kind-${kind}`} name="lpd-install-kind" label={label} isChecked={source.kind === kind}
               onChange={() => onChange({ ...source, kind })} />;
    return (
        <Form onSubmit={event => {
            event.preventDefault();
            if (sourceOf(source) !== null && !noUpload && !busy)
                onVerify();
        }}>
            <FormGroup role="radiogroup" label={_('Where the module is')} isInline fieldId="lpd-install-kind">
                {radio('upload', _('On this computer'))}
                {radio('path', _('On the machine'))}
            </FormGroup>
            {source.kind === 'upload'
                ? <Upload source={source} onChange={onChange} disabled={noUpload} />
                : <Path source={source} onChange={onChange} />}
            <div>
                <Button type="submit" variant="secondary" data-action="verify" isLoading={busy}
                        isDisabled={busy || noUpload || sourceOf(source) === null}>
                    {_('Verify')}
                </Button>
            </div>
        </Form>
    );
}
