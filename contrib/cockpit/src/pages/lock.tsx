// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import { Alert, Button } from '@patternfly/react-core';

import { asCallError, getForecast, hostName } from '../api';
import { Facts } from '../components/facts';
import { ForecastSection } from '../components/forecast-section';
import { LockDialog } from '../components/lock-dialog';
import { ReadOnly } from '../components/read-only';
import { Answer, Section } from '../components/section';
import { ErrorAlert, Loading } from '../components/states';
import { useMachine } from '../lib/context';
import { format, _ } from '../lib/i18n';
import { lockText } from '../lib/machine-facts';
import { formatTime, yesNo } from '../lib/text';
import { useChangeCount } from '../lib/use-change-count';
import { useQuery } from '../lib/use-query';
import type { LockAnswer, Status } from '../schema';

function author({ by }: Status['lock']): string | null {
    return by && [by.user, by.unit].filter(Boolean).join(', ');
}

function refusedText({ refused }: Status['lock']): string | null {
    if (refused === null || refused.count === 0)
        return null;
    return format(_('$0, the last one by $1, $2'), refused.count, refused.command ?? _('an unknown process'),
                  formatTime(refused.last));
}

function StateSection({ status, button }: { status: Status; button: React.ReactNode }) {
    const { lock } = status;
    return (
        <Section id="lock" title={_('Module lock')} actions={button}>
            <Facts columns={3} facts={[
                [_('State'), lockText(status), 'state'],
                [_('Policy'), `Lock=${lock.policy}`, 'policy'],
                [_('Reason'), lock.reason && <span className="lpd-text">{lock.reason}</span>],
                [_('By'), author(lock)],
                [_('kexec is locked'), lock.kexecLocked === null ? null : yesNo(lock.kexecLocked)],
                [_('Patches are sealed'), yesNo(lock.sealed)],
                [_('Refused loads since'), refusedText(lock)],
                [_('Also locked by'), lock.alsoLockedBy.join('\n')],
            ]} />
        </Section>
    );
}

function ForecastAnswer({ answer }: { answer: LockAnswer }) {
    return (
        <>
            {answer.error && <ErrorAlert error={asCallError(answer.error)} title={_('The forecast failed')} />}
            {answer.forecast && <ForecastSection forecast={answer.forecast} />}
        </>
    );
}

export function LockPage() {
    const { status, error, admin, refresh } = useMachine();
    const changes = useChangeCount([status?.lock, status?.patches.map(patch => patch.state)]);
    const query = useQuery('forecast', changes, getForecast);
    const host = useQuery('host', 0, hostName);
    const [asked, setAsked] = useState(false);
    const [done, setDone] = useState(false);
    const locked = status?.lock.locked === true;
    const button = (
        <Button variant="danger" data-action="lock" isDisabled={admin !== true || locked || host.data === null}
                onClick={() => setAsked(true)}>
            {_('Lock modules')}
        </Button>
    );
    return (
        <div id="lpd-lock" className="lpd-stack" data-ready={status !== null && query.data !== null}>
            <h1 className="pf-v6-screen-reader">{_('Lock')}</h1>
            {error !== null && <ErrorAlert title={_('The status could not be read')} error={error} />}
            {done && <Alert variant="success" isInline isLiveRegion data-result=""
                            title={_('Modules are locked until reboot')} />}
            <ReadOnly />
            {status === null ? error === null && <Loading /> : <StateSection status={status} button={button} />}
            {!locked && <Answer query={query}>{answer => <ForecastAnswer answer={answer} />}</Answer>}
            {asked && host.data !== null &&
                <LockDialog host={host.data} onClose={() => setAsked(false)} onDone={() => {
                    setAsked(false);
                    setDone(true);
                    refresh();
                }} />}
        </div>
    );
}
