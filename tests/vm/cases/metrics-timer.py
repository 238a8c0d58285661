# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd-metrics.timer, once enabled, has the metrics written into the directory of node_exporter, whole at any time."""

DIRECTORY = "/var/lib/prometheus/node-exporter"
OTHER = "/srv/metrics"


def case(m):
    m.boot()
    m.ok(f"lpctl install --wait {m.patch('lp-cmdline')}")
    m.fails("systemctl is-enabled lpd-metrics.timer", says="disabled")
    m.fails("systemctl start lpd-metrics.service")   # no directory
    m.ok(f"mkdir -p {DIRECTORY} && chown nobody {DIRECTORY} && systemctl reset-failed lpd-metrics.service")
    m.ok("systemctl start lpd-metrics.service")
    m.sees(f"cat {DIRECTORY}/lpd.prom", 'lpd_patch_loaded{patch="lp-cmdline"} 1')
    m.equal("its directory", m.ok(f"ls -A {DIRECTORY}").split(), ["lpd.prom"])
    m.equal("its mode", m.ok(f"stat -c %a {DIRECTORY}/lpd.prom").strip(), "644")

    m.write("/etc/systemd/system/lpd-metrics.service.d/directory.conf",
            f"[Service]\nEnvironment=TEXTFILE_DIRECTORY={OTHER}\nReadWritePaths={OTHER}\n")
    m.write("/etc/systemd/system/lpd-metrics.timer.d/often.conf", "[Timer]\nOnCalendar=*:*:*\nAccuracySec=1s\n")
    m.ok(f"mkdir {OTHER} && systemctl daemon-reload && systemctl enable --now lpd-metrics.timer")
    m.wait_until(f"grep -q '^lpd_patch_loaded.*1$' {OTHER}/lpd.prom", 20)
    before = m.ok(f"stat -c %i-%y {OTHER}/lpd.prom")
    m.wait_until(f'test "$(stat -c %i-%y {OTHER}/lpd.prom)" != "{before.strip()}"', 20)
    m.ok("systemctl disable --now lpd-metrics.timer")
