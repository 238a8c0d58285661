/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A minimal module with only the .modinfo of a live patch, for tests that read it. No kernel would load it. */
#define MODULE_INFO(name, text)                                                                    \
    static const char name[] __attribute__((section(".modinfo"), used, aligned(1))) = text

MODULE_INFO(license, "license=GPL");
MODULE_INFO(livepatch, "livepatch=Y");
MODULE_INFO(depends, "depends=nf_tables,nfnetlink");
MODULE_INFO(srcversion, "srcversion=533BB7E5866E52F63B9ACCB");
MODULE_INFO(module_name, "name=sample_fix");
MODULE_INFO(vermagic, "vermagic=6.1.0-56-amd64 SMP preempt mod_unload modversions ");

int replacement(int i);
int replacement(int i) {
    return i + 1;
}
