// SPDX-License-Identifier: LGPL-2.1-or-later
import { memo, useMemo, useState } from 'react';
import { Alert, Button, EmptyState, EmptyStateBody, SearchInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';

import { exportCves, getCves } from '../api';
import { PatchLink } from '../components/patch-table';
import { Answer, Section } from '../components/section';
import { StateLabel } from '../components/state-label';
import { ErrorAlert } from '../components/states';
import { useMachine } from '../lib/context';
import { EXPORT_FORMATS, searchCves, shownCve } from '../lib/cves';
import type { Cve, ExportFormat } from '../lib/cves';
import { download } from '../lib/download';
import { format, _ } from '../lib/i18n';
import { formatTime } from '../lib/text';
import { useChangeCount } from '../lib/use-change-count';
import { useQuery } from '../lib/use-query';
import type { Cves } from '../schema';

const CveRow = memo(function CveRow({ cve }: { cve: Cve }) {
    return (
        <Tr data-cve={cve.id} data-state={cve.state ?? ''}>
            <Td dataLabel={_('CVE')} className="lpd-id">{cve.id}</Td>
            <Td dataLabel={_('State')}><StateLabel shown={shownCve(cve.state)} /></Td>
            <Td dataLabel={_('Patch')} modifier="breakWord">{cve.patch !== null && <PatchLink name={cve.patch} />}</Td>
            <Td dataLabel={_('Reason')} className="lpd-text">{cve.reason}</Td>
            <Td dataLabel={_('Since')}>{formatTime(cve.since)}</Td>
        </Tr>
    );
});

function CveTable({ cves }: { cves: readonly Cve[] }) {
    return (
        <Table variant="compact" aria-label={_('CVEs')} gridBreakPoint="grid-lg">
            <Thead>
                <Tr>
                    <Th>{_('CVE')}</Th><Th>{_('State')}</Th><Th>{_('Patch')}</Th>
                    <Th width={35}>{_('Reason')}</Th><Th>{_('Since')}</Th>
                </Tr>
            </Thead>
            <Tbody>{cves.map(cve => <CveRow key={`${cve.id} ${cve.patch}`} cve={cve} />)}</Tbody>
        </Table>
    );
}

function Listing({ answer, search }: { answer: Cves; search: string }) {
    const found = useMemo(() => searchCves(answer.cves, search), [answer, search]);
    if (answer.cves.length === 0)
        return (
            <EmptyState titleText={_('No CVEs')} headingLevel="h3">
                <EmptyStateBody>{_('No patch on this machine says which CVEs it fixes.')}</EmptyStateBody>
            </EmptyState>);
    if (found.length === 0)
        return (
            <EmptyState titleText={_('Nothing found')} headingLevel="h3">
                <EmptyStateBody>{_('No patch on this machine is known to fix what you searched for.')}</EmptyStateBody>
            </EmptyState>);
    return <CveTable cves={found} />;
}

function Export({ onError }: { onError: (error: unknown) => void }) {
    const save = ({ format: type, file }: ExportFormat) => {
        onError(null);
        exportCves(type).then(text => download(file, text), onError);
    };
    return (
        <div className="lpd-row">
            {EXPORT_FORMATS.map(item => (
                <Button key={item.format} variant="secondary" data-action="export" data-format={item.format}
                        onClick={() => save(item)}>
                    {format(_('Export as $0'), item.label)}
                </Button>))}
        </div>
    );
}

export function CvesPage() {
    const { status } = useMachine();
    const changes = useChangeCount(status?.patches);
    const [search, setSearch] = useState('');
    const [error, setError] = useState<unknown>(null);
    const query = useQuery('cves', changes, getCves);
    const unseen = query.data?.unseen ?? [];
    return (
        <div id="lpd-cves" className="lpd-stack" data-ready={query.data !== null}>
            <h1 className="pf-v6-screen-reader">{_('CVEs')}</h1>
            {error !== null && <ErrorAlert title={_('The export failed')} error={error} />}
            {unseen.length > 0 &&
                <Alert variant="info" isInline component="h2"
                       title={format(_('Your account may not read: $0'), unseen.join(', '))} />}
            <Section id="cves" title={format(_('Fixed on the running kernel $0'), query.data?.kernel.release ?? '')}
                     actions={<Export onError={setError} />}>
                <div className="lpd-stack">
                    <SearchInput value={search} aria-label={_('Search')} placeholder={_('Search for a CVE or a patch')}
                                 searchInputId="lpd-cves-search" onChange={(_event, value) => setSearch(value)}
                                 onClear={() => setSearch('')} />
                    <Answer query={query}>{answer => <Listing answer={answer} search={search} />}</Answer>
                </div>
            </Section>
        </div>
    );
}
