// SPDX-License-Identifier: LGPL-2.1-or-later
import type { ReactNode } from 'react';
import { Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';

import type { Query } from '../lib/use-query';
import { ErrorAlert, Loading } from './states';

interface SectionProps {
    id: string;
    title: string;
    actions?: ReactNode;
    children: ReactNode;
}

export function Section({ id, title, actions, children }: SectionProps) {
    return (
        <Card data-section={id}>
            <CardHeader actions={actions ? { actions, hasNoOffset: true } : undefined}>
                <CardTitle component="h2">{title}</CardTitle>
            </CardHeader>
            <CardBody>{children}</CardBody>
        </Card>
    );
}

interface QueryProps<T> {
    query: Query<T>;
    children: (data: T) => ReactNode;
}

/** The answer of a query, or its error, or that it is on its way. */
export function Answer<T>({ query, children }: QueryProps<T>) {
    if (query.error !== null)
        return <ErrorAlert error={query.error} />;
    if (query.data === null)
        return <Loading />;
    return <>{children(query.data)}</>;
}
