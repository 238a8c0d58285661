// SPDX-License-Identifier: LGPL-2.1-or-later
import { Label } from '@patternfly/react-core';

import type { Shown, Tone } from '../lib/patch-state';

const STATUS: Record<Tone, 'success' | 'info' | 'warning' | 'danger' | undefined> = {
    success: 'success', info: 'info', warning: 'warning', danger: 'danger', neutral: undefined,
};

export function StateLabel({ shown }: { shown: Shown }) {
    // In the cell of a narrow table the label alone would fill the row.
    return <span><Label status={STATUS[shown.tone]} variant="outline" isCompact>{shown.text}</Label></span>;
}
