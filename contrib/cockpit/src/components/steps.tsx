// SPDX-License-Identifier: LGPL-2.1-or-later
import { List, ListItem } from '@patternfly/react-core';
import { CheckCircleIcon } from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { ExclamationCircleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { InfoCircleIcon } from '@patternfly/react-icons/dist/esm/icons/info-circle-icon';
import { MinusCircleIcon } from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';

import { _ } from '../lib/i18n';
import type { TrustSteps } from '../schema';

type Outcome = TrustSteps[number]['outcome'];

export interface Step {
    text: string;
    outcome: Outcome;
    fact: string | null;
}

const ICONS = {
    passed: CheckCircleIcon, failed: ExclamationCircleIcon, unavailable: MinusCircleIcon, note: InfoCircleIcon,
};

function outcomeText(outcome: Outcome): string {
    switch (outcome) {
    case 'passed': return _('passed');
    case 'failed': return _('failed');
    case 'unavailable': return _('unavailable');
    case 'note': return _('note');
    }
}

function StepItem({ step }: { step: Step }) {
    const Icon = ICONS[step.outcome];
    return (
        <ListItem data-step="" data-outcome={step.outcome}
                  icon={<Icon className={`lpd-outcome-${step.outcome}`} />}>
            <span>{step.text}</span>
            {step.outcome !== 'note' && <span className="pf-v6-screen-reader">{`: ${outcomeText(step.outcome)}`}</span>}
            {step.fact !== null && step.fact !== '' && <div className="lpd-fact lpd-text">{step.fact}</div>}
        </ListItem>
    );
}

/** Steps of a check in their order, each with its outcome and the fact that decided. */
export function Steps({ steps, label }: { steps: readonly Step[]; label: string }) {
    return (
        <List isPlain aria-label={label}>
            {steps.map((step, i) => <StepItem key={i} step={step} />)}
        </List>
    );
}

export const trustSteps = (steps: TrustSteps): Step[] =>
    steps.map(({ step, outcome, fact }) => ({ text: step, outcome, fact }));
