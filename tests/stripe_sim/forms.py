# SPDX-License-Identifier: ISC
"""What a request's form says: a[b][0][c]=v becomes nested dictionaries, and each value is held
against its kind.  A kind is a function of (text or nested form, parameter's name) that returns the
value or raises the error that Stripe gives."""

import json
import re
import urllib.parse
from dataclasses import dataclass

from .errors import missing, refuse, unknown_parameter
from .known import CURRENCIES

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")


def parse_form(text):
    """The nested form of a query string or body.  Arrays are dictionaries with the keys 0, 1, ..."""
    form = {}
    try:
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise refuse("Invalid UTF-8 in the request's parameters.") from None
    for name, value in pairs:
        match = NAME.match(name)
        if match is None:
            if name.split("[")[0] == "metadata" or "[metadata]" in name:
                raise refuse("Metadata keys cannot include square brackets ([]).", "metadata")
            raise unknown_parameter(name)
        place_value(form, [match[1]] + re.findall(r"\[([^\[\]]*)\]", match[2]), value, name)
    return form


def place_value(form, keys, value, name):
    node = form
    for at, key in enumerate(keys):
        last = at == len(keys) - 1
        if key == "":
            key = next_index(node, None if last else keys[at + 1])
        if last:
            node[key] = value
            return
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise refuse(f"Invalid {name}: it is both a value and an object.", name)


def next_index(node, inner):
    """a[][b]=1&a[][c]=2 is one element, a repeated key begins the next one."""
    if inner not in (None, "") and node:
        last = str(len(node) - 1)
        if isinstance(node.get(last), dict) and inner not in node[last]:
            return last
    return str(len(node))


def text(most=5000, pattern=None, hint="", empty=False):
    def read(value, param):
        if not isinstance(value, str):
            raise refuse(f"Invalid string: {json.dumps(value)}", param)
        if value == "" and not empty:
            raise refuse(f"You passed an empty string for '{param}'. We assume empty values are an "
                         f"attempt to unset a parameter; however '{param}' cannot be unset. You "
                         f"should remove '{param}' from your request or supply a non-empty value.",
                         param, "parameter_invalid_empty")
        if len(value) > most:
            raise refuse(f"Invalid string: {value[:10]}...{value[-10:]}; must be at most {most} "
                         "characters", param)
        if pattern and not re.fullmatch(pattern, value):
            raise refuse(f"Invalid string: {value}; {hint}", param)
        return value
    return read


def integer(least=None, most=None):
    def read(value, param):
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise refuse(f"Invalid integer: {value}", param, "parameter_invalid_integer")
        number = int(value)
        if least is not None and number < least:
            raise refuse(f"This value must be greater than or equal to {least}.", param,
                         "parameter_invalid_integer")
        if most is not None and number > most:
            raise refuse(f"This value must be less than or equal to {most} (it currently is "
                         f"'{number}').", param, "parameter_invalid_integer")
        return number
    return read


def percent(value, param):
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", value) \
            or not 0 < float(value) <= 100:
        raise refuse(f"Invalid decimal: {value}; must be above 0 and at most 100", param)
    return float(value)


def boolean(value, param):
    if value not in ("true", "false"):
        raise refuse(f"Invalid boolean: {value}", param)
    return value == "true"


def one_of(*allowed):
    def read(value, param):
        if value not in allowed:
            names = list(allowed)
            listed = (names[0] if len(names) == 1 else " or ".join(names) if len(names) == 2
                      else ", ".join(names[:-1]) + f", or {names[-1]}")
            raise refuse(f"Invalid {param}: must be one of {listed}", param)
        return value
    return read


def email(value, param):
    if not isinstance(value, str) or len(value) > 512 \
            or not re.fullmatch(r"[^@\s<>()\[\],;:\"]+@[^@\s.]+(\.[^@\s.]+)+", value):
        raise refuse(f"Invalid email address: {value}", param, "email_invalid")
    return value


def url(value, param):
    parts = urllib.parse.urlsplit(value if isinstance(value, str) else "")
    try:
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"[\s<>\"]", value) or len(value) > 5000:
        raise refuse("Not a valid URL", param, "url_invalid")
    return value


def currency(value, param):
    if not isinstance(value, str) or value.lower() not in CURRENCIES:
        raise refuse(f"Invalid currency: {value}. Stripe currently supports these currencies: "
                     + ", ".join(sorted(CURRENCIES)), param)
    return value.lower()


def metadata(value, param):
    """Empty text stands for "remove all", an empty value for "remove this key" (merge_metadata)."""
    if value == "":
        return None
    if not isinstance(value, dict):
        raise refuse("Invalid object", param)
    if len(value) > 50:
        raise refuse("You can only have up to 50 metadata keys, but you passed in "
                     f"{len(value)}.", param)
    for key, entry in value.items():
        if len(key) > 40:
            raise refuse("Metadata keys can have up to 40 characters, but you passed in a key that "
                         f"is {len(key)} characters. Invalid key: {key}", f"{param}[{key}]")
        if not isinstance(entry, str):
            raise refuse(f"Metadata values must be strings, but for key `{key}` you passed in an "
                         "object.", f"{param}[{key}]")
        if len(entry) > 500:
            raise refuse("Metadata values can have up to 500 characters, but you passed in a value "
                         f"that is {len(entry)} characters. Invalid value: {entry}",
                         f"{param}[{key}]")
    return value


def list_of(kind, most=None, least=0):
    def read(value, param):
        if not isinstance(value, dict) or value.keys() != {str(n) for n in range(len(value))}:
            raise refuse("Invalid array", param)
        if most is not None and len(value) > most:
            raise refuse(f"Array {param} exceeded maximum {most} allowed elements.", param)
        if len(value) < least:
            raise refuse("Invalid array: cannot be empty", param, "parameter_invalid_empty")
        return [kind(value[str(n)], f"{param}[{n}]") for n in range(len(value))]
    return read


def shape(fields, required=()):
    """A nested object.  A field whose kind is UNSIMULATED is real, but this file does not have it."""
    def read(value, param):
        if not isinstance(value, dict):
            raise refuse("Invalid object", param)
        name = (lambda key: f"{param}[{key}]") if param else (lambda key: key)
        unknown = [name(key) for key in value if key not in fields]
        if unknown:
            raise unknown_parameter(*unknown)
        for key in value:
            if fields[key] is UNSIMULATED:
                raise refuse(f"stripe-sim does not simulate this parameter: {name(key)}", name(key))
        for key in required:
            if key not in value:
                raise missing(name(key))
        return {key: fields[key](entry, name(key)) for key, entry in value.items()}
    return read


def mapping(kind_of_key, kind):
    """An object whose names are of a kind, too."""
    def read(value, param):
        if not isinstance(value, dict):
            raise refuse("Invalid object", param)
        return {kind_of_key(key, param): kind(entry, f"{param}[{key}]") for key, entry in value.items()}
    return read


def either(kind_of_text, kind_of_object):
    def read(value, param):
        return (kind_of_object if isinstance(value, dict) else kind_of_text)(value, param)
    return read


UNSIMULATED = object()


@dataclass(frozen=True)
class Versioned:
    """A parameter that exists from one API version on, or until one."""
    kind: object
    since: str = ""
    until: str = "9999"


def read_params(fields, required, form, version):
    """The values of an operation's parameters, by its table, or the first error."""
    table = {}
    for name, kind in fields.items():
        if isinstance(kind, Versioned):
            if not kind.since <= version < kind.until:
                continue
            kind = kind.kind
        table[name] = kind
    return shape(table, required)(form, "")
