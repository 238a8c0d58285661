// SPDX-License-Identifier: LGPL-2.1-or-later
export interface Message { id: string; plural?: string; places?: string[] }
export interface Entry { id: string; strings: string[] }
export function extract(source: string): Message[];
export function allMessages(): Message[];
export function pot(messages: Message[]): string;
export function parse(text: string): Entry[];
export function toScript(language: string, entries: Entry[]): string;
export function writeTranslations(directory: string): void;
