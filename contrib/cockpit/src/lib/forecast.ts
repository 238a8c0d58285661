// SPDX-License-Identifier: LGPL-2.1-or-later
import type { LockAnswer } from '../schema';
import { _ } from './i18n';

export type Forecast = NonNullable<LockAnswer['forecast']>;
type Source = Forecast['modules'][number]['source'];

export interface NeededModule {
    module: string;
    loaded: boolean;
    needs: { source: Source; reason: string }[];
}

/** lpctl lists a module once for each source: here each module is one row. */
export function neededModules(forecast: Forecast): NeededModule[] {
    const modules = new Map<string, NeededModule>();
    for (const { module, source, reason, loaded } of forecast.modules) {
        const known = modules.get(module) ?? { module, loaded, needs: [] };
        known.needs.push({ source, reason });
        modules.set(module, known);
    }
    return [...modules.values()].sort((a, b) => a.module.localeCompare(b.module, 'en', { numeric: true }));
}

export function sourceText(source: Source): string {
    switch (source) {
    case 'device': return _('Device');
    case 'filesystem': return _('File system');
    case 'modules-load': return _('modules-load.d');
    case 'softdep': return _('Soft dependency');
    case 'firewall': return _('Firewall');
    case 'crypto': return _('Encryption');
    case 'network': return _('Network');
    case 'service': return _('Service');
    case 'record': return _('Loaded before');
    }
}
