// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';

import { _ } from '../lib/i18n';
import { ErrorAlert } from './states';

export interface Confirmation {
    action: string;
    title: string;
    /** What follows from it. */
    body: ReactNode;
    button: string;
    danger?: boolean;
}

interface Props<T> {
    confirmation: Confirmation;
    run: () => Promise<T>;
    onDone: (result: T) => void;
    onClose: () => void;
    /** Something is missing before it can be confirmed. */
    incomplete?: boolean;
}

/** Asks before an action, runs it, and shows the error of one that fails. */
export function ConfirmDialog<T>({ confirmation, run, onDone, onClose, incomplete }: Props<T>) {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<unknown>(null);
    const { action, title, body, button, danger } = confirmation;

    const confirm = () => {
        setBusy(true);
        setError(null);
        run().then(onDone, (reason: unknown) => {
            setError(reason);
            setBusy(false);
        });
    };
    return (
        <Modal isOpen variant="small" onClose={busy ? undefined : onClose} data-dialog={action}
               aria-labelledby="lpd-dialog-title" aria-describedby="lpd-dialog-body">
            <ModalHeader title={title} labelId="lpd-dialog-title" />
            <ModalBody id="lpd-dialog-body">
                <div className="lpd-stack">
                    <div>{body}</div>
                    {error !== null && <ErrorAlert error={error} />}
                </div>
            </ModalBody>
            <ModalFooter>
                <Button variant={danger ? 'danger' : 'primary'} data-confirm={action} onClick={confirm}
                        isLoading={busy} isDisabled={busy || incomplete}>
                    {button}
                </Button>
                <Button variant="link" data-cancel="" onClick={onClose} isDisabled={busy}>
                    {error === null ? _('Cancel') : _('Close')}
                </Button>
            </ModalFooter>
        </Modal>
    );
}
