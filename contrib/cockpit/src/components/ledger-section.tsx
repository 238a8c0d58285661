// SPDX-License-Identifier: LGPL-2.1-or-later
import { getLedger } from '../api';
import { format, _ } from '../lib/i18n';
import type { Tone } from '../lib/patch-state';
import { formatTime } from '../lib/text';
import { useQuery } from '../lib/use-query';
import type { Build, Ledger } from '../schema';
import { Facts } from './facts';
import { Answer, Section } from './section';
import { StateLabel } from './state-label';

function shown(state: Build['state']): { text: string; tone: Tone } {
    switch (state) {
    case 'confirmed': return { text: _('Confirmed'), tone: 'success' };
    case 'trial': return { text: _('On trial'), tone: 'info' };
    case 'quarantined': return { text: _('Quarantined'), tone: 'danger' };
    }
}

function attempts({ attempts }: Build): string {
    return attempts.map(({ time, stage, thisBoot }) => {
        const when = time === null ? _('at an unknown time') : formatTime(time);
        return thisBoot ? format(_('$0 ($1, this boot)'), when, stage) : format(_('$0 ($1)'), when, stage);
    }).join('\n');
}

function BuildItem({ build }: { build: Build }) {
    return (
        <li className="lpd-stack" data-build={build.sha256} data-state={build.state}>
            <div className="lpd-row">
                <StateLabel shown={shown(build.state)} />
                <span className="lpd-mono">{build.kernel}</span>
            </div>
            <Facts facts={[
                [_('SHA256'), build.sha256 && <span className="lpd-mono">{build.sha256}</span>],
                [_('Since'), formatTime(build.since)],
                [_('Confirmed for'), build.confirmedStage],
                [_('Reason'), build.reason && <span className="lpd-text">{build.reason}</span>],
                [_('Attempts'), attempts(build) && <span className="lpd-text">{attempts(build)}</span>],
            ]} />
            {build.excerpt.length > 0 && <pre className="lpd-block">{build.excerpt.join('\n')}</pre>}
        </li>
    );
}

export function Builds({ ledger }: { ledger: Ledger }) {
    if (ledger.builds.length === 0)
        return <p>{_('The ledger has no build of this patch.')}</p>;
    return (
        <ul className="lpd-stack lpd-plain" aria-label={_('Builds')}>
            {ledger.builds.map(build =>
                <BuildItem key={`${build.kernel} ${build.sha256}`} build={build} />)}
        </ul>
    );
}

export function LedgerSection({ name, changes }: { name: string; changes: number }) {
    const query = useQuery(name, changes, () => getLedger(name));
    return (
        <Section id="ledger" title={_('Ledger')}>
            <Answer query={query}>{ledger => <Builds ledger={ledger} />}</Answer>
        </Section>
    );
}
