// SPDX-License-Identifier: LGPL-2.1-or-later
import type { Confirmation } from '../components/confirm-dialog';
import { format, _ } from './i18n';
import type { ActionName } from './patch-state';

export function actionLabel(action: ActionName): string {
    switch (action) {
    case 'load': return _('Load');
    case 'unload': return _('Unload');
    case 'enable': return _('Enable');
    case 'disable': return _('Disable');
    case 'clear': return _('Clear');
    }
}

export function doneTitle(action: ActionName, name: string): string {
    switch (action) {
    case 'load': return format(_('$0 is loaded'), name);
    case 'unload': return format(_('$0 is unloaded'), name);
    case 'enable': return format(_('$0 is loaded at boot'), name);
    case 'disable': return format(_('$0 is no longer loaded at boot'), name);
    case 'clear': return format(_('$0 is out of quarantine'), name);
    }
}

function title(action: ActionName, name: string): string {
    switch (action) {
    case 'load': return format(_('Load $0 now?'), name);
    case 'unload': return format(_('Unload $0 now?'), name);
    case 'enable': return format(_('Load $0 at boot?'), name);
    case 'disable': return format(_('Stop loading $0 at boot?'), name);
    case 'clear': return format(_('Take $0 out of quarantine?'), name);
    }
}

function body(action: ActionName): string {
    switch (action) {
    case 'load':
        return _('lpd verifies the module and loads it into the running kernel.');
    case 'unload':
        return _('The kernel returns to its original code, and what the patch fixes is open again. Whether the next ' +
                 'boot loads it does not change.');
    case 'enable':
        return _('Every boot loads the patch. Whether it is loaded now does not change.');
    case 'disable':
        return _('Later boots do not load the patch. Whether it is loaded now does not change.');
    case 'clear':
        return _('The same build is on trial again, and the next boot loads it. Do this only if the patch was not ' +
                 'the cause of the crash.');
    }
}

export function confirmationOf(action: ActionName, name: string): Confirmation {
    return {
        action,
        title: title(action, name),
        body: body(action),
        button: actionLabel(action),
        danger: action === 'unload' || action === 'disable' || action === 'clear',
    };
}
