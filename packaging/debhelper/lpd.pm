# SPDX-License-Identifier: LGPL-2.1-or-later
# dh --with lpd, and Build-Depends: dh-sequence-lpd

use strict;
use warnings;

insert_after('dh_install', 'dh_lpd');

1;
