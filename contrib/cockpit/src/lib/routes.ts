// SPDX-License-Identifier: LGPL-2.1-or-later

export type Route =
    | { page: 'overview' | 'install' | 'cves' | 'lock' }
    | { page: 'patch'; name: string }
    | { page: 'unknown' };

export type Tab = 'overview' | 'install' | 'cves' | 'lock';

/** The page that a path of cockpit.location names. */
export function parseRoute(path: readonly string[]): Route {
    const [first, second] = path;
    if (first === undefined)
        return { page: 'overview' };
    if (first === 'patch' && path.length === 2 && second)
        return { page: 'patch', name: second };
    if (path.length === 1 && (first === 'install' || first === 'cves' || first === 'lock'))
        return { page: first };
    return { page: 'unknown' };
}

export const tabPath = (tab: Tab): string[] => tab === 'overview' ? [] : [tab];

export const patchPath = (name: string): string[] => ['patch', name];

export const toHash = (path: readonly string[]): string => `#/${path.map(encodeURIComponent).join('/')}`;
