"""One command on one SSH channel."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from tasks.model.command import Command, CommandResult
from tasks.model.errors import CommandTimeout, TransportError, Unreachable
from tasks.transport.deadline import Deadline
from tasks.transport.ssh_library import paramiko

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_OUTPUT = 1 << 26
"""Bytes of one stream beyond which a command is cut off: whoever writes so much has lost its way."""

_KILL_AFTER_S = 2
_GRACE_S = _KILL_AFTER_S + 1
_TIMED_OUT = (124, 137)
"""Exit codes of coreutils' ``timeout`` where the end came by its TERM and by its KILL."""
_ANSWER_S = 2.0
_PATIENCE_S, _PAUSE_S = 3.0, 0.02
_CHUNK = 1 << 15
_ENVIRONMENT = 'export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"'


def remote_line(command: Command, elevate: tuple[str, ...] = ()) -> str:
    """
    The shell line that the host is asked to run.

    A closed channel does not end a remote program that has no terminal, so ``timeout`` ends it there, even when this
    process or the network is gone; it runs under sudo, for it has to be allowed to. ``exit $?`` makes the login shell
    wait, and report a program that died by a signal as 128 + signal.
    """
    guarded = (*elevate, "timeout", "-k", str(_KILL_AFTER_S), f"{command.timeout_s:g}", *command.argv)
    return f"{_ENVIRONMENT}; {shlex.join(guarded)}; exit $?"


def execute(transport: paramiko.Transport, host: str, command: Command, line: str, stdin: bytes) -> CommandResult:
    """
    Run ``line`` on a channel of its own, send ``stdin``, drain both streams.

    The window is so large that the server never waits for us: output piles up here while input is still being sent,
    so neither side can wait for the other.

    Raises:
        CommandTimeout: ``command.timeout_s`` is over; the text says whether the host has confirmed the end
        Unreachable: connection-lost
        TransportError: more than ``MOST_OUTPUT``

    """
    began = time.monotonic()
    deadline = Deadline(command.timeout_s + _GRACE_S)
    try:
        channel = _open_session(transport, deadline)
        with channel, deadline.enforced_by(channel.close):
            channel.exec_command(line)
            _send(channel, stdin)
            stdout, stderr = _drain(channel.recv), _drain(channel.recv_stderr)
            exit_code = channel.recv_exit_status()
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise _lost(host, command, deadline, error) from error
    duration_s = time.monotonic() - began
    if deadline.expired or (exit_code in _TIMED_OUT and duration_s >= command.timeout_s):
        raise CommandTimeout(
            f"{host}: `{command}` outlived its {command.timeout_s:g} s {_how(exit_code, stdout + stderr)}"
        )
    if exit_code < 0:
        raise Unreachable(host, "connection-lost", f"`{command}` ended without an exit code")
    return CommandResult(
        command=command,
        exit_code=exit_code,
        stdout=stdout.decode(errors="replace"),
        stderr=stderr.decode(errors="replace"),
        duration_s=duration_s,
    )


def _open_session(transport: paramiko.Transport, deadline: Deadline) -> paramiko.Channel:
    """Open a channel; sshd counts a session a moment longer than it lasts, so a refusal is not taken at once."""
    patience = Deadline(min(_PATIENCE_S, deadline.remaining_s))
    while True:
        try:
            return transport.open_session(window_size=MOST_OUTPUT, timeout=deadline.remaining_s)
        except paramiko.SSHException:
            if patience.expired or not transport.is_active():
                raise
        time.sleep(_PAUSE_S)


def answers(transport: paramiko.Transport) -> bool:
    """Whether the host still reacts on this connection, within seconds."""
    try:
        transport.open_session(timeout=_ANSWER_S).close()
    except (paramiko.SSHException, OSError, EOFError):
        return False
    return True


def _send(channel: paramiko.Channel, data: bytes) -> None:
    """Send what the program wants of ``data``: it may well end, or close its input, before it has read all."""
    sent = 0
    while sent < len(data) and not channel.closed:
        try:
            sent += channel.send(data[sent : sent + _CHUNK])
        except OSError:
            if not channel.closed:
                raise
    channel.shutdown_write()


def _drain(receive: Callable[[int], bytes]) -> bytes:
    chunks, size = [], 0
    while chunk := receive(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_OUTPUT:
            raise TransportError(f"more than {MOST_OUTPUT >> 20} MiB of output")
    return b"".join(chunks)


def _lost(host: str, command: Command, deadline: Deadline, error: Exception) -> TransportError:
    if deadline.expired:
        return CommandTimeout(f"{host}: `{command}` outlived its {command.timeout_s:g} s {_how(-1, b'')}")
    if isinstance(error, TransportError):
        return TransportError(f"{host}: `{command}` was cut off: {error}")
    return Unreachable(host, "connection-lost", f"while `{command}` was running: {error!r}")


def _how(exit_code: int, output: bytes) -> str:
    """How a command that took too long ended, and what was last heard of it."""
    match exit_code:
        case -1:
            end = "and the host has not confirmed its end"
        case code if code in _TIMED_OUT:
            end = "and was ended on the host"
        case code:
            end = f"because something that it left behind keeps its output open; itself it exited with {code}"
    said = output.decode(errors="replace").strip().splitlines()[-3:]
    return f"{end}; it said last: {' | '.join(said) or 'nothing'}"
