// SPDX-License-Identifier: LGPL-2.1-or-later
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
    { ignores: ['dist/', 'node_modules/', 'tmp/', 'src/schema.ts'] },
    ...tseslint.configs.recommended,
    {
        files: ['**/*.ts', '**/*.tsx'],
        extends: [...tseslint.configs.recommendedTypeChecked],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    },
    {
        files: ['**/*.tsx'],
        plugins: { 'jsx-a11y': jsxA11y, 'react-hooks': reactHooks },
        rules: { ...jsxA11y.configs.recommended.rules, ...reactHooks.configs.recommended.rules },
    },
    {
        rules: {
            'no-console': 'error',
            'no-eval': 'error',
            'no-implied-eval': 'off',
            eqeqeq: 'error',
            'max-len': ['error', { code: 120 }],
            'max-lines': ['error', 400],
        },
    },
    { files: ['tools/**', 'tests/**'], rules: { 'no-console': 'off' } },
    { files: ['tests/**'], rules: { '@typescript-eslint/no-floating-promises': 'off' } },
);
