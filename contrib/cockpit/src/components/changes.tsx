// SPDX-License-Identifier: LGPL-2.1-or-later
import { Alert, AlertActionCloseButton, List, ListItem } from '@patternfly/react-core';

import { changeMessages } from '../lib/changes';
import type { Changes } from '../schema';

/** What a command has changed, or would change. */
export function ChangesAlert({ changes, title, onClose }: { changes: Changes; title: string; onClose?: () => void }) {
    const messages = changeMessages(changes);
    return (
        <Alert variant={changes.dryRun ? 'info' : 'success'} isInline title={title} data-result=""
               isLiveRegion
               actionClose={onClose && <AlertActionCloseButton onClose={onClose} />}>
            {messages.length === 1 && <p className="lpd-text">{messages[0]}</p>}
            {messages.length > 1 &&
                <List>{messages.map(text => <ListItem key={text} className="lpd-text">{text}</ListItem>)}</List>}
        </Alert>
    );
}
