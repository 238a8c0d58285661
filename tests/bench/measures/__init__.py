# SPDX-License-Identifier: LGPL-2.1-or-later
"""What lpd costs, measured on booted machines and on the host."""
