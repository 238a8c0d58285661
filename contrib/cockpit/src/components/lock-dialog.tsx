// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import { Form, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';

import { lockNow } from '../api';
import { format, _ } from '../lib/i18n';
import { ConfirmDialog } from './confirm-dialog';

interface Props {
    host: string;
    onDone: () => void;
    onClose: () => void;
}

/** The lock holds until reboot, so the name of the machine must be typed. */
export function LockDialog({ host, onDone, onClose }: Props) {
    const [typed, setTyped] = useState('');
    const body = (
        <Form onSubmit={event => event.preventDefault()}>
            <p>
                {_('No module can be loaded or removed until reboot. Patches can still be disabled, and no other ' +
                   'patch can be loaded.')}
            </p>
            <FormGroup label={format(_('Type $0 to confirm'), host)} fieldId="lpd-lock-confirm" isRequired>
                <TextInput id="lpd-lock-confirm" value={typed} autoComplete="off" isRequired
                           onChange={(_event, value) => setTyped(value)} />
                <FormHelperText>
                    <HelperText><HelperTextItem>{_('The name of this machine')}</HelperTextItem></HelperText>
                </FormHelperText>
            </FormGroup>
        </Form>
    );
    return (
        <ConfirmDialog run={lockNow} onDone={onDone} onClose={onClose} incomplete={typed.trim() !== host}
                       confirmation={{
                           action: 'lock', title: _('Lock modules until reboot?'), body, button: _('Lock'),
                           danger: true,
                       }} />
    );
}
