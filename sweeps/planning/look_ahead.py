"""What stops a sweep at its start, before anything is touched."""

from __future__ import annotations

import sys

from sweeps.sweepfile.spec import SweepSpec


def look_ahead(sweep: SweepSpec, address: str) -> None:
    """Stop before anything is touched where this machine lacks what the sweep needs.

    The rest of a preflight is the study's, which a cluster runs on another machine.
    """
    if address == "auto":
        return
    from empathy import preflight
    from sweeps.planning import obstacles
    from sweeps.planning.handover import study_settings
    from sweeps.planning.plan import device_here

    obstacles.stop(sweep)
    device, _ = device_here(sweep)
    findings, _ = preflight.outlook(study_settings(sweep, 1), device)
    for finding in findings:
        if finding.level == "warning":
            print(f"launch.py: warning, {finding.about}: {finding.told}", file=sys.stderr)
    preflight.stop_on_errors(findings)
