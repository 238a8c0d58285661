// SPDX-License-Identifier: LGPL-2.1-or-later

/** Where lpd records the results of this boot, one file a patch, and where its manifests are. */
const WATCHED = ['/run/lpd', '/etc/lpd/patches.d'];

/** One load or unload writes several files: they are one change. */
const SETTLE_MSEC = 500;

/** Whether an event of fswatch1 may be a change of state. A lock file is none, and lpd takes its lock often. */
export function isChange(message: string): boolean {
    try {
        const { event, path } = JSON.parse(message) as { event?: unknown; path?: unknown };
        return event !== 'attribute-changed' && !(typeof path === 'string' && path.endsWith('.lock'));
    } catch {
        return false;
    }
}

/** Calls back after lpd has recorded something. Returns a function that ends the watch. */
export function watchState(changed: () => void): () => void {
    let timer: number | undefined;
    const soon = () => {
        timer ??= window.setTimeout(() => {
            timer = undefined;
            changed();
        }, SETTLE_MSEC);
    };
    const channels = WATCHED.map(path => {
        const channel = cockpit.channel({ payload: 'fswatch1', path });
        channel.addEventListener('message', (_event, data) => {
            if (isChange(data))
                soon();
        });
        return channel;
    });
    return () => {
        window.clearTimeout(timer);
        channels.forEach(channel => channel.close());
    };
}
