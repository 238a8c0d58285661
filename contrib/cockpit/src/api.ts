// SPDX-License-Identifier: LGPL-2.1-or-later
// The only place that calls lpctl. Every answer is the JSON that docs/lpctl.schema.json describes.
import type {
    Blocking, Changes, Cves, Error as Failure, Ledger, LockAnswer, Status, Verify, Why,
} from './schema';
import type { JournalEntry } from './lib/journal';
import { parseJournal } from './lib/journal';


type Answer = { error?: Failure };

/** What lpctl or Cockpit says about a call that failed. */
export class CallError extends Error {
    hint: string | null;
    exitStatus: number | null;
    /** What lpctl found out before it failed. */
    answer: unknown;

    constructor(message: string, hint: string | null, exitStatus: number | null, answer: unknown = null) {
        super(message);
        this.hint = hint;
        this.exitStatus = exitStatus;
        this.answer = answer;
    }
}

export const asCallError = (failure: Failure, answer: unknown = null): CallError =>
    new CallError(failure.message, failure.hint, failure.exitStatus, answer);

type Privilege = 'require' | 'try';

interface Output {
    text: string;
    message: string;
    exitStatus: number | null;
    failed: boolean;
}

/** Runs a program to its end. cockpit.spawn() drops the output of one that fails, so it is collected here. */
function run(argv: string[], superuser: Privilege): Promise<Output> {
    let text = '';
    return new Promise(resolve => {
        cockpit.spawn(argv, { superuser, err: 'message', environ: ['LC_ALL=C.UTF-8'] })
            .stream(data => { text += data })
            .then(() => resolve({ text, message: '', exitStatus: 0, failed: false }),
                  (error: { message?: string; exit_status?: number | null; problem?: string | null }) => resolve({
                      text,
                      message: error.message || error.problem || argv[0] || '',
                      exitStatus: error.exit_status ?? null,
                      failed: true,
                  }));
    });
}

function parse<T extends Answer>(output: Output): T | null {
    try {
        const value: unknown = JSON.parse(output.text);
        return typeof value === 'object' && value !== null ? value as T : null;
    } catch {
        return null;
    }
}

/** An answer with an error is returned too: verify, for one, fails with steps to show. */
async function ask<T extends Answer>(verb: string, args: string[] = [], superuser: Privilege = 'try'): Promise<T> {
    const output = await run(['lpctl', verb, '--json=short', ...args], superuser);
    const answer = parse<T>(output);
    if (answer === null)
        throw new CallError(output.message || `lpctl ${verb} printed no JSON`, null, output.exitStatus);
    return answer;
}

/** The same where a failure has nothing to show but its error. */
async function need<T extends Answer>(verb: string, args: string[] = [], superuser: Privilege = 'try'): Promise<T> {
    const answer = await ask<T>(verb, args, superuser);
    if (answer.error)
        throw asCallError(answer.error, answer);
    return answer;
}

async function text(argv: string[], superuser: Privilege = 'try'): Promise<string> {
    const output = await run(argv, superuser);
    if (output.failed)
        throw new CallError(output.message, null, output.exitStatus);
    return output.text;
}

export const getStatus = () => need<Status>('status');
export const getWhy = (name: string) => ask<Why & Answer>('why', ['--', name]);
export const getVerify = (target: string) => ask<Verify & Answer>('verify', ['--', target]);
export const getBlocking = (name: string) => need<Blocking>('blocking', ['--', name]);
export const getLedger = (name: string) => need<Ledger>('ledger', ['--', name]);
export const getCves = () => need<Cves>('cves');
export const getForecast = () => ask<LockAnswer>('lock', ['--dry-run']);

export async function getJournal(name: string, lines = 100): Promise<JournalEntry[]> {
    return parseJournal(await text(['lpctl', 'log', '--json=short', `--lines=${lines}`, '--', name]));
}

/** The CVEs as a document for other programs. */
export const exportCves = (type: string) => text(['lpctl', 'cves', `--format=${type}`]);

export type PatchAction = 'load' | 'unload' | 'enable' | 'disable' | 'clear';

export const act = (action: PatchAction, name: string) => need<Changes>(action, ['--', name], 'require');

export interface InstallOptions {
    name: string;
    stage: 'system' | 'initrd';
    fixes: string;
    load: boolean;
}

export function install(path: string, options: InstallOptions, dryRun: boolean): Promise<Changes> {
    const args = [`--stage=${options.stage}`];
    if (options.name)
        args.push(`--name=${options.name}`);
    if (options.fixes)
        args.push(`--fixes=${options.fixes}`);
    if (!options.load)
        args.push('--no-load');
    if (dryRun)
        args.push('--dry-run');
    return need<Changes>('install', [...args, '--', path], 'require');
}

export const lockNow = () => need<LockAnswer>('lock', ['--yes'], 'require');

export const hostName = async () => (await text(['uname', '-n'])).trim();

/** Stores an upload where only root can change it, as lpd demands. Returns its path. */
export async function upload(name: string, content: Uint8Array): Promise<string> {
    const directory = (await text(['mktemp', '-d', '/run/cockpit-lpd.XXXXXX'], 'require')).trim();
    const path = `${directory}/${name}`;
    const file = cockpit.file(path, { superuser: 'require', binary: true });
    try {
        await file.replace(content);
    } catch (error) {
        await removeUpload(path);
        throw new CallError((error as Error).message, null, null);
    } finally {
        file.close();
    }
    return path;
}

export async function removeUpload(path: string): Promise<void> {
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (/^\/run\/cockpit-lpd\.[A-Za-z0-9]+$/.test(directory))
        await text(['rm', '-rf', '--', directory], 'require');
}
