// SPDX-License-Identifier: LGPL-2.1-or-later
import { Alert, Bullseye, Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Spinner }
    from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';

import { CallError } from '../api';
import { format, _ } from '../lib/i18n';

/** The whole error of a call: what lpctl said, and its hint. */
export function ErrorAlert({ error, title }: { error: unknown; title?: string }) {
    // A program that fails without a word has an empty message.
    const message = (error instanceof Error ? error.message : String(error)) || _('The command failed');
    const hint = error instanceof CallError ? error.hint : null;
    return (
        <Alert variant="danger" isInline isLiveRegion title={title ?? message} data-error="">
            {title !== undefined && <p className="lpd-text">{message}</p>}
            {hint !== null && <p className="lpd-text">{format(_('Hint: $0'), hint)}</p>}
        </Alert>
    );
}

export function Loading() {
    return <Bullseye><Spinner aria-label={_('Loading')} /></Bullseye>;
}

export function PatchNotFound({ name }: { name: string | null }) {
    const title = name === null ? _('No such page') : format(_('There is no patch $0'), name);
    return (
        <EmptyState titleText={title} headingLevel="h1" icon={SearchIcon}>
            {name !== null && <EmptyStateBody>{_('It may have been removed.')}</EmptyStateBody>}
            <EmptyStateFooter>
                <EmptyStateActions>
                    <Button variant="link" onClick={() => cockpit.location.go([])}>{_('Show all patches')}</Button>
                </EmptyStateActions>
            </EmptyStateFooter>
        </EmptyState>
    );
}
