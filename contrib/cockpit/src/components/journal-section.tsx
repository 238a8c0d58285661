// SPDX-License-Identifier: LGPL-2.1-or-later
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';

import { getJournal } from '../api';
import { _ } from '../lib/i18n';
import type { JournalEntry } from '../lib/journal';
import { formatTime } from '../lib/text';
import { useQuery } from '../lib/use-query';
import { Answer, Section } from './section';

/** From this priority on, syslog's "warning", an entry stands out. */
const WARNING = 4;

function Entries({ entries }: { entries: readonly JournalEntry[] }) {
    if (entries.length === 0)
        return <p>{_('The journal has no entries of this patch, or your account may not read them.')}</p>;
    return (
        <Table variant="compact" aria-label={_('Journal')} gridBreakPoint="grid-md">
            <Thead><Tr><Th width={20}>{_('Time')}</Th><Th>{_('Message')}</Th></Tr></Thead>
            <Tbody>
                {entries.map(entry => (
                    <Tr key={entry.id} data-priority={entry.priority}>
                        <Td dataLabel={_('Time')}>{formatTime(entry.time * 1000)}</Td>
                        <Td dataLabel={_('Message')} className="lpd-text">
                            {entry.priority <= WARNING ? <strong>{entry.message}</strong> : entry.message}
                        </Td>
                    </Tr>))}
            </Tbody>
        </Table>
    );
}

export function JournalSection({ name, changes }: { name: string; changes: number }) {
    const query = useQuery(name, changes, () => getJournal(name));
    return (
        <Section id="journal" title={_('Journal')}>
            <Answer query={query}>{entries => <Entries entries={entries} />}</Answer>
        </Section>
    );
}
