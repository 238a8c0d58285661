// SPDX-License-Identifier: LGPL-2.1-or-later
export const _ = (text: string): string => cockpit.gettext(text);
export const ngettext = (one: string, many: string, n: number): string => cockpit.ngettext(one, many, n);

/** format('Load $0', name) */
export const format = (template: string, ...values: unknown[]): string => cockpit.format(template, ...values);
