# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test bench: Debian machines under qemu that judge lpd on real kernels."""
