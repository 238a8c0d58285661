// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import { Button } from '@patternfly/react-core';

import { getVerify } from '../api';
import { _ } from '../lib/i18n';
import { useQuery } from '../lib/use-query';
import { Answer, Section } from './section';
import { VerifyResult } from './verify-result';

export function SignatureSection({ name, changes }: { name: string; changes: number }) {
    const [clicks, setClicks] = useState(0);
    const query = useQuery(name, changes + clicks, () => getVerify(name));
    const again = (
        <Button variant="secondary" data-action="verify" onClick={() => setClicks(clicks + 1)}>
            {_('Verify again')}
        </Button>
    );
    return (
        <Section id="signature" title={_('Signature')} actions={again}>
            <Answer query={query}>{verify => <VerifyResult verify={verify} />}</Answer>
        </Section>
    );
}
