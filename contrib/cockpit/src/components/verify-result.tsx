// SPDX-License-Identifier: LGPL-2.1-or-later
import { Alert } from '@patternfly/react-core';

import { asCallError } from '../api';
import { format, _ } from '../lib/i18n';
import { isRefused } from '../lib/verify';
import type { Signature, Verify } from '../schema';
import { Facts } from './facts';
import { ErrorAlert } from './states';
import { Steps, trustSteps } from './steps';

function SignatureFacts({ signature, sha256 }: { signature: Signature | undefined; sha256: string | undefined }) {
    return (
        <Facts facts={[
            [_('Verdict'), signature?.verdict, 'verdict'],
            [_('Checked by'), signature?.way],
            [_('Signer'), signature?.signer && <span className="lpd-text">{signature.signer}</span>],
            [_('Key'), signature?.keyId && <span className="lpd-mono">{signature.keyId}</span>],
            [_('Keyring'), signature?.keyring],
            [_('Hash'), signature?.hash],
            [_('Certificate expired'), signature?.expired],
            [_('SHA256 of the module'), sha256 && <span className="lpd-mono">{sha256}</span>],
        ]} />
    );
}

function Verdict({ verify }: { verify: Verify }) {
    const { error, policy } = verify;
    const refused = isRefused(verify) ? format(_('The policy refuses it: Signature=$0'), policy) : undefined;
    if (error)
        return <ErrorAlert title={refused} error={asCallError(error)} />;
    if (refused !== undefined)
        return <Alert variant="danger" isInline data-error="" title={refused} />;
    // lpctl answered without a word about the policy: say nothing either.
    if (policy === undefined || verify.accepted === undefined)
        return null;
    return <Alert variant="success" isInline data-accepted=""
                  title={format(_('The policy accepts it: Signature=$0'), policy)} />;
}

/** What lpctl verify says of a module: verdict, signature, steps. */
export function VerifyResult({ verify }: { verify: Verify }) {
    const { signature } = verify;
    return (
        <div className="lpd-stack">
            <Verdict verify={verify} />
            <SignatureFacts signature={signature} sha256={verify.sha256} />
            <Steps steps={trustSteps(verify.steps ?? [])} label={_('Steps of the signature')} />
        </div>
    );
}
