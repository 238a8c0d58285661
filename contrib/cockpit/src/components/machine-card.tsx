// SPDX-License-Identifier: LGPL-2.1-or-later
import { Card, CardBody, CardTitle } from '@patternfly/react-core';

import { _ } from '../lib/i18n';
import { guardText, lockText, policyText, secureBootText } from '../lib/machine-facts';
import type { Status } from '../schema';
import { Facts } from './facts';

export function MachineCard({ status }: { status: Status }) {
    return (
        <Card>
            <CardTitle component="h2">{_('Machine')}</CardTitle>
            <CardBody>
                <Facts columns={3} facts={[
                    [_('Kernel'), <span key="kernel" className="lpd-mono">{status.kernel.release}</span>, 'kernel'],
                    [_('Policy'), policyText(status), 'policy'],
                    [_('Secure Boot'), secureBootText(status), 'secure-boot'],
                    [_('Lock'), lockText(status), 'lock'],
                    [_('Guard'), guardText(status), 'guard'],
                ]} />
            </CardBody>
        </Card>
    );
}
