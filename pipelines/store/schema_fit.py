"""Whether a file's schema is its dataset's: today's, or an earlier one's, which lacks nullable fields."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from pipelines.store.schema import SCHEMAS


def misfit(dataset: str, found: pa.Schema) -> str | None:
    """What readers of `dataset` would stumble over in a file with the schema `found`; None when nothing.

    >>> misfit("rejected", pa.schema([("url", pa.int32(), False)]))
    'column url is int32, not string'
    """
    return _misfit("column", list(found), {field.name: field for field in SCHEMAS[dataset]})


def _misfit(kind: str, found: Iterable[pa.Field], wanted: dict[str, pa.Field]) -> str | None:
    left = dict(wanted)
    for field in found:
        want = left.pop(field.name, None)
        if want is None:
            return f"{kind} {field.name} is {'there twice' if field.name in wanted else 'unknown here'}"
        if field.nullable and not want.nullable:
            return f"{kind} {field.name} may be null"
        if (wrong := _other_type(f"{kind} {field.name}", field.type, want.type)) is not None:
            return wrong
    required = [name for name, want in left.items() if not want.nullable]
    return f"{kind} {required[0]} is missing" if required else None


def _other_type(name: str, found: pa.DataType, want: pa.DataType) -> str | None:
    if pa.types.is_struct(found) and pa.types.is_struct(want):
        return _misfit(f"{name}:", list(found), {field.name: field for field in want})
    if pa.types.is_list(found) and pa.types.is_list(want):
        return _other_type(name, found.value_type, want.value_type)
    return None if found.equals(want) else f"{name} is {found}, not {want}"
