// SPDX-License-Identifier: LGPL-2.1-or-later
import { Alert, ClipboardCopy, ClipboardCopyVariant, List, ListItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';

import { neededModules, sourceText } from '../lib/forecast';
import type { Forecast } from '../lib/forecast';
import { format, _ } from '../lib/i18n';
import { yesNo } from '../lib/text';
import { Section } from './section';

function Outcome({ forecast }: { forecast: Forecast }) {
    const { outcome, reason, hint } = forecast;
    const details = <>
        {reason !== null && <p className="lpd-text">{reason}</p>}
        {hint !== null && <p className="lpd-text">{format(_('Hint: $0'), hint)}</p>}
    </>;
    switch (outcome) {
    case 'lock':
        return <Alert variant="success" isInline component="h3" data-outcome="lock"
                      title={_('A lock would be set now')}>{details}</Alert>;
    case 'nothing':
        return <Alert variant="info" isInline component="h3" data-outcome="nothing"
                      title={_('Modules are locked already, until reboot')}>{details}</Alert>;
    case 'wait':
        return <Alert variant="warning" isInline component="h3" data-outcome="wait"
                      title={_('A lock would have to wait')}>{details}</Alert>;
    case 'refuse':
        return <Alert variant="danger" isInline component="h3" data-outcome="refuse"
                      title={_('A lock would be refused')}>{details}</Alert>;
    case null:
        return null;
    }
}

function NeededTable({ forecast }: { forecast: Forecast }) {
    const modules = neededModules(forecast);
    if (modules.length === 0)
        return <p>{_('The forecast found no module that this machine would miss after a lock.')}</p>;
    return (
        <>
            <p>{_('This machine will probably need these modules after the lock, and could no longer load them:')}</p>
            <Table variant="compact" aria-label={_('Modules that would be missed')} gridBreakPoint="grid-md">
                <Thead>
                    <Tr>
                        <Th>{_('Module')}</Th><Th>{_('Needed by')}</Th><Th width={50}>{_('Reason')}</Th>
                        <Th>{_('Loaded now')}</Th>
                    </Tr>
                </Thead>
                <Tbody>
                    {modules.map(({ module, loaded, needs }) => (
                        <Tr key={module} data-module={module}>
                            <Td dataLabel={_('Module')} className="lpd-mono">{module}</Td>
                            <Td dataLabel={_('Needed by')}>
                                {[...new Set(needs.map(({ source }) => sourceText(source)))].join(', ')}
                            </Td>
                            <Td dataLabel={_('Reason')} className="lpd-text">
                                {needs.map(({ source, reason }) => <div key={`${source} ${reason}`}>{reason}</div>)}
                            </Td>
                            <Td dataLabel={_('Loaded now')}>{yesNo(loaded)}</Td>
                        </Tr>))}
                </Tbody>
            </Table>
        </>
    );
}

function Proposal({ text }: { text: string }) {
    return (
        <div id="lpd-lock-proposal">
            <p>
                {_('This drop-in loads them before the lock. Store it as /etc/lpd/lpd.conf.d/50-modules.conf ' +
                   'and reboot:')}
            </p>
            <ClipboardCopy isReadOnly isCode isExpanded variant={ClipboardCopyVariant.expansion}
                           hoverTip={_('Copy')} clickTip={_('Copied')} textAriaLabel={_('Proposed drop-in')}
                           toggleAriaLabel={_('Show the proposal')}>
                {text}
            </ClipboardCopy>
        </div>
    );
}

function Sources({ title, items }: { title: string; items: readonly string[] }) {
    if (items.length === 0)
        return null;
    return (
        <Alert variant="warning" isInline component="h3" title={title}>
            <List>{items.map(item => <ListItem key={item} className="lpd-text">{item}</ListItem>)}</List>
        </Alert>
    );
}

/** What a lock would do now, and what the machine would miss afterwards. */
export function ForecastSection({ forecast }: { forecast: Forecast }) {
    return (
        <Section id="forecast" title={_('Forecast')}>
            <div className="lpd-stack">
                <Outcome forecast={forecast} />
                <Sources title={_('Other configuration locks too')} items={forecast.alsoLockedBy} />
                <NeededTable forecast={forecast} />
                {forecast.proposal.text !== null && <Proposal text={forecast.proposal.text} />}
                <Sources title={_('The forecast could not read everything')} items={forecast.unread} />
            </div>
        </Section>
    );
}
