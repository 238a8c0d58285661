// SPDX-License-Identifier: LGPL-2.1-or-later
import type { Status } from '../schema';
import { format, _ } from './i18n';
import { formatTime } from './text';

const count = (status: Status, guard: string): number => status.patches.filter(p => p.guard === guard).length;

export function secureBootText({ kernel }: Status): string {
    const boot = kernel.secureBoot === null ? _('Unknown') : kernel.secureBoot ? _('On') : _('Off');
    return kernel.lockdown && kernel.lockdown !== 'none'
        ? format(_('$0, kernel lockdown: $1'), boot, kernel.lockdown)
        : boot;
}

export function lockText({ lock }: Status): string {
    if (lock.locked) {
        const since = lock.since !== null ? format(_(', since $0'), formatTime(lock.since)) : '';
        return `${_('Modules are locked until reboot')}${since}`;
    }
    switch (lock.state) {
    case 'refused': return _('Refused');
    case 'waiting': return format(_('Waiting: $0'), lock.reason ?? '');
    default: return lock.policy === 'no' ? _('Off') : format(_('Not locked yet, Lock=$0'), lock.policy);
    }
}

export function policyText({ policy, kernel }: Status): string {
    const enforced = kernel.sigEnforce ? _(', enforced by the kernel') : '';
    return `Signature=${policy.signature}${enforced}`;
}

/** How many builds the guard has confirmed, still watches, and keeps out. */
export function guardText(status: Status): string {
    const parts: string[] = [];
    const confirmed = count(status, 'confirmed');
    const trial = count(status, 'trial');
    const quarantined = count(status, 'quarantined');
    if (confirmed > 0)
        parts.push(format(_('$0 confirmed'), confirmed));
    if (trial > 0)
        parts.push(format(_('$0 on trial'), trial));
    if (quarantined > 0)
        parts.push(format(_('$0 quarantined'), quarantined));
    return parts.join(', ') || _('No builds');
}
