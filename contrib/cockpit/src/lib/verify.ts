// SPDX-License-Identifier: LGPL-2.1-or-later
import type { Verify } from '../schema';

/** Whether the policy of this machine does not accept the module. */
export function isRefused(verify: Verify): boolean {
    return verify.policy !== undefined && verify.accepted !== undefined && !verify.accepted[verify.policy];
}

/** Whether an install has a chance: the file was read, and the policy does not refuse it. */
export const isInstallable = (verify: Verify): boolean => verify.sha256 !== undefined && !isRefused(verify);
