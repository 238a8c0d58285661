// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of cockpit.js that this page uses. Cockpit has no package with types.
export interface ProcessError {
    message: string;
    problem: string | null;
    exit_status: number | null;
}

export interface Process extends Promise<string> {
    stream(callback: (data: string) => void): Process;
    input(data: string, more?: boolean): Process;
    close(problem?: string): void;
}

export interface SpawnOptions {
    superuser?: 'require' | 'try';
    err?: 'message' | 'out' | 'ignore';
    environ?: string[];
}

export interface Location {
    path: string[];
    options: Record<string, string | string[]>;
    go(path: string[] | string, options?: Record<string, string>): void;
}

export interface Permission {
    allowed: boolean | null;
    addEventListener(name: 'changed', callback: () => void): void;
    removeEventListener(name: 'changed', callback: () => void): void;
    close(): void;
}

export interface Channel {
    addEventListener(name: 'message', callback: (event: unknown, data: string) => void): void;
    addEventListener(name: 'close', callback: (event: unknown, options: { problem?: string }) => void): void;
    close(problem?: string): void;
}

export interface File {
    replace(content: Uint8Array): Promise<string>;
    close(): void;
}

export interface Cockpit {
    location: Location;
    hidden: boolean;
    spawn(argv: string[], options?: SpawnOptions): Process;
    file(path: string, options: { superuser: 'require' | 'try'; binary: true }): File;
    channel(options: { payload: string; path: string }): Channel;
    permission(options: { admin: true }): Permission;
    gettext(text: string): string;
    ngettext(one: string, many: string, n: number): string;
    format(template: string, ...values: unknown[]): string;
    translate(): void;
    language?: string;
    addEventListener(name: 'locationchanged' | 'visibilitychange', callback: () => void): void;
    removeEventListener(name: 'locationchanged' | 'visibilitychange', callback: () => void): void;
}

declare global {
    const cockpit: Cockpit;
}
