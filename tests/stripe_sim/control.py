# SPDX-License-Identifier: ISC
"""The table of the control API, which is all that Stripe has no API for: JSON in, JSON out, no key.
The controls themselves are in control_objects.py and control_service.py; the package's own text is
their manual."""

import json

from .errors import ControlError

CONTROLS = {}
REQUIRED = object()


def control(method, path, /, **names):
    """Register a control; names are its JSON members with their defaults, or REQUIRED."""
    def register(run):
        CONTROLS[method, path] = (names, run)
        return run
    return register


def run_control(sim, method, path, body):
    if (method, path) not in CONTROLS:
        raise ControlError(f"no such control: {method} {path}", 404)
    names, run = CONTROLS[method, path]
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise ControlError(f"not JSON: {error}") from None
    if not isinstance(given, dict):
        raise ControlError("not a JSON object")
    for name in given:
        if name not in names:
            raise ControlError(f"unknown name: {name}")
    args = names | given
    for name, value in args.items():
        if value is REQUIRED:
            raise ControlError(f"missing: {name}")
    return run(sim, **args)


def find_or_refuse(world, kind, id):
    thing = world.find(kind, id)
    if thing is None:
        raise ControlError(f"no such {kind}: {id}", 404)
    return thing
