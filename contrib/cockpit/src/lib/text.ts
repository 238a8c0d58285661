// SPDX-License-Identifier: LGPL-2.1-or-later
import { _ } from './i18n';

const locale = (): string => cockpit.language?.replace('_', '-') ?? 'en';

/** A time of lpctl, which counts microseconds since 1970. */
export function formatTime(usec: number | null): string {
    if (usec === null)
        return '';
    return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' }).format(usec / 1000);
}

export function yesNo(value: boolean | null): string {
    if (value === null)
        return _('Unknown');
    return value ? _('Yes') : _('No');
}

/** The name that lpctl gives to a patch that is installed from this file. */
export function nameOfFile(path: string): string {
    const base = path.slice(path.lastIndexOf('/') + 1);
    return base.replace(/\.ko(\.(gz|xz|zst))?$/, '').replaceAll('_', '-');
}

/** Whether a file name can be that of a module; it becomes part of a path that root writes. */
export const isModuleFile = (name: string): boolean =>
    name.length < 128 && /^[A-Za-z0-9][A-Za-z0-9._+-]*\.ko(\.(gz|xz|zst))?$/.test(name);
