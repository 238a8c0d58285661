// SPDX-License-Identifier: LGPL-2.1-or-later
import '@patternfly/react-core/dist/styles/base.css';
import './app.css';

import { createRoot } from 'react-dom/client';

import { App } from './app';
import { followTheme } from './lib/dark-theme';
import { _ } from './lib/i18n';

followTheme();
document.title = _('Live patches');
document.documentElement.lang = cockpit.language?.replace('_', '-') ?? 'en';
const root = document.getElementById('app');
if (root)
    createRoot(root).render(<App />);
