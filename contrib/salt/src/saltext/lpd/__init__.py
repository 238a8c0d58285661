# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernel live patches with lpd. Salt's loader finds the directories modules and states below this package."""
