/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/volume.h"

/* A separate file, so that callers need not link libblkid. */
bool volume_holds(const struct policy *p, const struct manifest *m) {
    if (!p->store_device || !startswith(m->path, "/etc/lpd/"))
        return false;
    for (size_t i = 0; i < m->n_kernels; i++)
        if (m->kernels[i].module && *m->kernels[i].module == '/')
            return false;
    return true;
}
