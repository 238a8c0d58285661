// SPDX-License-Identifier: LGPL-2.1-or-later
import { Alert } from '@patternfly/react-core';

import { useMachine } from '../lib/context';
import { _ } from '../lib/i18n';

/** Says why the actions are off. */
export function ReadOnly() {
    const { admin } = useMachine();
    if (admin !== false)
        return null;
    return (
        <Alert variant="info" isInline data-readonly="" title={_('Actions need administrative access')}>
            {_('You can look at everything that your account may read. To load, install or lock, turn on ' +
               'administrative access at the top of Cockpit.')}
        </Alert>
    );
}
