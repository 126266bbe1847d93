"""The two ``.proto`` files beside this module as message classes and methods; nothing is generated beforehand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = re.compile(r"^package ([\w.]+);", re.MULTILINE)
_SERVICE = re.compile(r"^service (\w+) \{", re.MULTILINE)
_METHOD = re.compile(r"rpc (\w+)\((\w+)\) returns \((stream )?(\w+)\);")
_MESSAGE = re.compile(r"^message (\w+) \{([^}]*)\}", re.MULTILINE)
_FIELD = re.compile(r"^\s*(repeated )?(\w+) (\w+) = (\d+);", re.MULTILINE)
_SCALARS = ("string", "int64", "int32", "bool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """
    One method of a service.

    Attributes:
        path: as HTTP/2 asks for it: ``/thanos.info.Info/Info``
        request, response: message classes
        streams: many messages are answered

    """

    path: str
    request: Any
    response: Any
    streams: bool


@cache
def method(file: str, name: str) -> Method:
    """
    One method of ``<file>.proto``.

    Raises:
        KeyError: the file has no such method

    """
    text = Path(__file__).with_name(f"{file}.proto").read_text(encoding="utf-8")
    package, service = _PACKAGE.findall(text)[0], _SERVICE.findall(text)[0]
    found = {rpc: rest for rpc, *rest in _METHOD.findall(text)}
    request, stream, response = found[name]
    message = _messages(package, text)
    return Method(
        path=f"/{package}.{service}/{name}",
        request=message(request),
        response=message(response),
        streams=bool(stream),
    )


def _messages(package: str, text: str) -> Any:
    """A function from a message's name to its class."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto  # noqa: PLC0415  only who asks a StoreAPI pays for it
    from google.protobuf.descriptor_pool import DescriptorPool  # noqa: PLC0415  as above
    from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415  as above

    described = FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, body in _MESSAGE.findall(text):
        message = described.message_type.add(name=name)
        for repeated, kind, field, number in _FIELD.findall(body):
            added = message.field.add(name=field, number=int(number), label=3 if repeated else 1)
            if kind in _SCALARS:
                added.type = added.Type.Value(f"TYPE_{kind.upper()}")
            else:
                added.type_name = f".{package}.{kind}"
    pool = DescriptorPool()
    pool.Add(described)
    return lambda name: GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
