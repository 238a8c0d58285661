// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PAUSE_MSEC, PAUSE_TRANSITION_MSEC, Poller } from '../src/lib/poller';

const turn = () => new Promise(resolve => setImmediate(resolve));

function bench() {
    const machine = {
        asked: 0, hidden: false, fails: false, answers: 0, errors: 0,
        pending: [] as { callback: () => void; msec: number }[],
        answer: [] as (() => void)[],
    };
    const poller = new Poller<number>({
        ask: () => new Promise((resolve, reject) => {
            machine.asked++;
            machine.answer.push(() => machine.fails ? reject(new Error('broken')) : resolve(machine.asked));
        }),
        hidden: () => machine.hidden,
        pause: () => PAUSE_MSEC,
        onAnswer: () => { machine.answers++ },
        onError: () => { machine.errors++ },
        clock: {
            start: (callback, msec) => machine.pending.push({ callback, msec }) - 1,
            stop: timer => {
                if (timer !== undefined)
                    machine.pending.splice(timer, 1);
            },
        },
    });
    const settle = async () => {
        machine.answer.splice(0).forEach(answer => answer());
        await turn();
    };
    return { machine, poller, settle };
}

test('it never asks more often than once in ten seconds by itself', () => {
    assert.ok(PAUSE_MSEC >= 10_000);
    assert.ok(PAUSE_TRANSITION_MSEC >= 10_000);
});

test('an answer starts one timer', async () => {
    const { machine, poller, settle } = bench();
    poller.refresh();
    await settle();
    assert.deepEqual(machine.pending.map(({ msec }) => msec), [PAUSE_MSEC]);
    poller.refresh();
    assert.equal(machine.pending.length, 0);
    await settle();
    assert.deepEqual([machine.asked, machine.answers, machine.pending.length], [2, 2, 1]);
});

test('changes during a question are one more question', async () => {
    const { machine, poller, settle } = bench();
    for (let i = 0; i < 5; i++)
        poller.refresh();
    assert.equal(machine.asked, 1);
    await settle();
    assert.equal(machine.asked, 2);
    await settle();
    assert.deepEqual([machine.asked, machine.answers], [2, 2]);
});

test('a hidden page asks nothing, and asks at once when it is shown', async () => {
    const { machine, poller, settle } = bench();
    poller.refresh();
    await settle();
    machine.hidden = true;
    machine.pending.splice(0).forEach(({ callback }) => callback());
    poller.refresh();
    assert.deepEqual([machine.asked, machine.pending.length], [1, 0]);
    machine.hidden = false;
    poller.refresh();
    assert.equal(machine.asked, 2);
});

test('after an error it asks again later', async () => {
    const { machine, poller, settle } = bench();
    machine.fails = true;
    poller.refresh();
    await settle();
    assert.deepEqual([machine.errors, machine.pending.length], [1, 1]);
});

test('after its end nothing happens', async () => {
    const { machine, poller, settle } = bench();
    poller.refresh();
    poller.end();
    await settle();
    poller.refresh();
    assert.deepEqual([machine.asked, machine.answers, machine.pending.length], [1, 0, 0]);
});
