// SPDX-License-Identifier: LGPL-2.1-or-later
import { asCallError, getWhy } from '../api';
import { format, _ } from '../lib/i18n';
import { useQuery } from '../lib/use-query';
import type { Why } from '../schema';
import { Answer, Section } from './section';
import { ErrorAlert } from './states';
import { Steps, trustSteps } from './steps';

function actionText(action: Why['action']): string {
    switch (action) {
    case 'load': return _('lpd would load it now: $0');
    case 'keep': return _('lpd leaves it as it is: $0');
    case 'skip': return _('lpd does not load it: $0');
    case 'fail': return _('lpd cannot load it: $0');
    case 'unload': return _('lpd would unload it now: $0');
    }
}

function WhyAnswer({ why }: { why: Why }) {
    const steps = why.steps.map(({ question, passed, fact }) => ({
        text: question, outcome: passed ? 'passed' as const : 'failed' as const, fact,
    }));
    return (
        <div className="lpd-stack">
            <p className="lpd-text">{format(actionText(why.action), why.reason)}</p>
            {why.hint !== null && <p className="lpd-text">{format(_('Hint: $0'), why.hint)}</p>}
            <Steps steps={steps} label={_('Questions, in the order of asking')} />
            {why.trust !== null && why.trust.length > 0 && <>
                <h3>{_('Signature')}</h3>
                <Steps steps={trustSteps(why.trust)} label={_('Steps of the signature')} />
            </>}
        </div>
    );
}

export function WhySection({ name, changes }: { name: string; changes: number }) {
    const query = useQuery(name, changes, () => getWhy(name));
    return (
        <Section id="why" title={_('Why it is or is not loaded')}>
            <Answer query={query}>
                {why => why.steps
                    ? <WhyAnswer why={why} />
                    : <ErrorAlert error={why.error ? asCallError(why.error) : _('lpctl gave no reason')} />}
            </Answer>
        </Section>
    );
}
