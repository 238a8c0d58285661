// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import { Button } from '@patternfly/react-core';

import { act } from '../api';
import { actionLabel, confirmationOf } from '../lib/confirmations';
import { useMachine } from '../lib/context';
import { actionsFor } from '../lib/patch-state';
import type { ActionName } from '../lib/patch-state';
import type { Changes, Patch } from '../schema';
import { ConfirmDialog } from './confirm-dialog';

interface Props {
    patch: Patch;
    onDone: (action: ActionName, changes: Changes) => void;
}

/** The buttons of a patch. Each asks before it acts. */
export function PatchActions({ patch, onDone }: Props) {
    const { admin, refresh } = useMachine();
    const [asked, setAsked] = useState<ActionName | null>(null);
    const done = (action: ActionName, changes: Changes) => {
        setAsked(null);
        refresh();
        onDone(action, changes);
    };
    const close = () => {
        setAsked(null);
        // What failed may have changed something: a load that is refused leaves a result.
        refresh();
    };
    return (
        <div className="lpd-row">
            {actionsFor(patch).map(action => (
                <Button key={action} variant="secondary" data-action={action} isDisabled={admin !== true}
                        isDanger={action === 'unload'} onClick={() => setAsked(action)}>
                    {actionLabel(action)}
                </Button>))}
            {asked !== null &&
                <ConfirmDialog confirmation={confirmationOf(asked, patch.name)} run={() => act(asked, patch.name)}
                               onDone={changes => done(asked, changes)} onClose={close} />}
        </div>
    );
}
