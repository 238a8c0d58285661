// SPDX-License-Identifier: LGPL-2.1-or-later
import { Alert, AlertActionLink, AlertGroup, ClipboardCopy } from '@patternfly/react-core';

import { format, _ } from '../lib/i18n';
import { patchPath } from '../lib/routes';
import { warningsOf } from '../lib/warnings';
import type { Warning } from '../lib/warnings';
import type { Status } from '../schema';

function WarningAlert({ warning }: { warning: Warning }) {
    const { patch } = warning;
    const link = patch !== null &&
        <AlertActionLink onClick={() => cockpit.location.go(patchPath(patch))}>
            {format(_('Show $0'), patch)}
        </AlertActionLink>;
    return (
        <Alert variant={warning.variant} isInline title={warning.text} data-warning={warning.id} component="h2"
               actionLinks={link || undefined}>
            {warning.wayOut}
            {warning.command !== null &&
                <ClipboardCopy isReadOnly hoverTip={_('Copy')} clickTip={_('Copied')} isCode variant="inline-compact"
                               copyAriaLabel={_('Copy the command')}>
                    {warning.command}
                </ClipboardCopy>}
        </Alert>
    );
}

export function WarningList({ status }: { status: Status }) {
    const warnings = warningsOf(status);
    if (warnings.length === 0)
        return null;
    return (
        <AlertGroup aria-label={_('Warnings')}>
            {warnings.map(warning => <WarningAlert key={warning.id} warning={warning} />)}
        </AlertGroup>
    );
}
