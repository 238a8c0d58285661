// SPDX-License-Identifier: LGPL-2.1-or-later
import { useState } from 'react';
import { Alert, ExpandableSection } from '@patternfly/react-core';

import { getBlocking } from '../api';
import { format, ngettext, _ } from '../lib/i18n';
import { useQuery } from '../lib/use-query';
import type { Blocking, Patch, Task } from '../schema';
import { Answer, Section } from './section';

/** A stalled transition mostly waits for one task or two: their stacks are shown at once. */
const OPEN_TASKS = 3;

function taskTitle({ comm, pid, tid, state, cpu }: Task): string {
    const place = cpu === null ? '' : format(_(', CPU $0'), cpu);
    const thread = tid === pid ? '' : format(_(', thread $0'), tid);
    return format(_('$0, process $1$2, state $3$4'), comm, pid, thread, state, place);
}

function TaskItem({ task, open }: { task: Task; open: boolean }) {
    const [expanded, setExpanded] = useState(open);
    return (
        <li data-task={task.tid}>
            <ExpandableSection isIndented toggleText={taskTitle(task)} isExpanded={expanded}
                               onToggle={(_event, value) => setExpanded(value)}>
                {task.cmdline && <p className="lpd-mono">{task.cmdline}</p>}
                {task.stack.length > 0
                    ? <pre className="lpd-block">{task.stack.join('\n')}</pre>
                    : <p>{_('Its stack is not known. Only root may read it.')}</p>}
            </ExpandableSection>
        </li>
    );
}

function BlockingTasks({ blocking }: { blocking: Blocking }) {
    const count = blocking.count ?? blocking.tasks.length;
    if (count === 0)
        return <p>{_('No task blocks the transition.')}</p>;
    return (
        <>
            <p>{format(ngettext('$0 task blocks the transition.', '$0 tasks block the transition.', count), count)}</p>
            <ul className="lpd-plain" aria-label={_('Tasks that block the transition')}>
                {blocking.tasks.map((task, i) => <TaskItem key={task.tid} task={task} open={i < OPEN_TASKS} />)}
            </ul>
        </>
    );
}

function Running({ patch, generation }: { patch: Patch; generation: number }) {
    const query = useQuery(patch.name, generation, () => getBlocking(patch.name));
    return (
        <div className="lpd-stack">
            {patch.reasonCode === 'stalled' &&
                <Alert variant="warning" isInline component="h3" title={_('The transition has stalled')}>
                    <p>{_('End or restart the programs below, or unload the patch to return to the original code.')}</p>
                </Alert>}
            <Answer query={query}>{blocking => <BlockingTasks blocking={blocking} />}</Answer>
        </div>
    );
}

export function TransitionSection({ patch, generation }: { patch: Patch; generation: number }) {
    return (
        <Section id="transition" title={_('Transition')}>
            {patch.kernelState.transition
                ? <Running patch={patch} generation={generation} />
                : <p>{_('No transition of this patch is running.')}</p>}
        </Section>
    );
}
