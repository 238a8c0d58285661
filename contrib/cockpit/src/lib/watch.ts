// SPDX-License-Identifier: LGPL-2.1-or-later

/** Where lpd records the results of this boot, one file a patch, and where its manifests are. */
const WATCHED = ['/run/lpd', '/etc/lpd/patches.d'];

/** One load or unload writes several files: they are one change. */
const SETTLE_MSEC = 300;

/** Calls back after lpd has recorded something. Returns a function that ends the watch. */
export function watchState(changed: () => void): () => void {
    let timer: number | undefined;
    const channels = WATCHED.map(path => {
        const channel = cockpit.channel({ payload: 'fswatch1', path });
        channel.addEventListener('message', () => {
            window.clearTimeout(timer);
            timer = window.setTimeout(changed, SETTLE_MSEC);
        });
        return channel;
    });
    return () => {
        window.clearTimeout(timer);
        channels.forEach(channel => channel.close());
    };
}
