// SPDX-License-Identifier: LGPL-2.1-or-later
import type { KernelState } from '../schema';

export interface PatchedFunction {
    object: string;
    name: string;
    /** Which one of several functions with that name in that object, from 1. */
    position: string;
    layers: number;
    top: string | null;
    waitsFor: string | null;
}

/** OBJECT/FUNCTION,POSITION */
function split(text: string): Pick<PatchedFunction, 'object' | 'name' | 'position'> {
    const slash = text.indexOf('/');
    const comma = text.lastIndexOf(',');
    return {
        object: slash < 0 ? '' : text.slice(0, slash),
        name: text.slice(slash + 1, comma < 0 ? undefined : comma),
        position: comma < 0 ? '' : text.slice(comma + 1),
    };
}

export function patchedFunctions(state: KernelState): PatchedFunction[] {
    const layers = new Map(state.layers.map(layer => [layer.function, layer]));
    return state.functions.map(text => {
        const layer = layers.get(text);
        return {
            ...split(text), layers: layer?.patches ?? 0, top: layer?.top ?? null, waitsFor: layer?.waitsFor ?? null,
        };
    });
}
