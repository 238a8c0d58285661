// SPDX-License-Identifier: LGPL-2.1-or-later
// Cockpit's shell stores the chosen style in localStorage and tells its frames by an event.

const system = window.matchMedia('(prefers-color-scheme: dark)');

function apply(style: string): void {
    const dark = style === 'dark' || (style === 'auto' && system.matches);
    document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
}

const stored = (): string => localStorage.getItem('shell:style') ?? 'auto';

export function followTheme(): void {
    window.addEventListener('storage', event => {
        if (event.key === 'shell:style')
            apply(stored());
    });
    window.addEventListener('cockpit-style', event => {
        const detail: unknown = event instanceof CustomEvent ? event.detail : null;
        const style = typeof detail === 'object' && detail !== null && 'style' in detail ? detail.style : null;
        apply(typeof style === 'string' ? style : stored());
    });
    system.addEventListener('change', () => apply(stored()));
    apply(stored());
}
