// SPDX-License-Identifier: LGPL-2.1-or-later

/** How long the page waits before it asks again although lpd has recorded nothing. */
export const PAUSE_MSEC = 30_000;
export const PAUSE_TRANSITION_MSEC = 10_000;

export interface Clock {
    start: (callback: () => void, msec: number) => number;
    stop: (timer: number | undefined) => void;
}

export interface PollerOptions<T> {
    ask: () => Promise<T>;
    hidden: () => boolean;
    /** How long to wait after this answer; null: there was an error. */
    pause: (answer: T | null) => number;
    onAnswer: (answer: T) => void;
    onError: (error: unknown) => void;
    clock: Clock;
}

/**
 * Asks when it is told to, and once in a while. One question at a time: what is asked meanwhile is asked
 * once more afterwards. Nothing is asked while the page is hidden.
 */
export class Poller<T> {
    private readonly options: PollerOptions<T>;
    private running = false;
    private again = false;
    private ended = false;
    private timer: number | undefined;

    constructor(options: PollerOptions<T>) {
        this.options = options;
    }

    refresh(): void {
        if (this.ended || this.options.hidden())
            return;
        if (this.running) {
            this.again = true;
            return;
        }
        this.running = true;
        this.options.clock.stop(this.timer);
        this.options.ask().then(
            answer => this.finish(answer, () => this.options.onAnswer(answer)),
            (error: unknown) => this.finish(null, () => this.options.onError(error)));
    }

    end(): void {
        this.ended = true;
        this.options.clock.stop(this.timer);
    }

    private finish(answer: T | null, report: () => void): void {
        this.running = false;
        if (this.ended)
            return;
        report();
        if (this.again) {
            this.again = false;
            this.refresh();
        } else {
            this.timer = this.options.clock.start(() => this.refresh(), this.options.pause(answer));
        }
    }
}
