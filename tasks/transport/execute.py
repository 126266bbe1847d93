"""One command on one SSH channel."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

import paramiko

from tasks.model.command import Command, CommandResult
from tasks.model.errors import CommandTimeout, Unreachable
from tasks.transport.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

_KILL_AFTER_S = 2
_GRACE_S = _KILL_AFTER_S + 1.0
_WINDOW = 2**31 - 1
_CHUNK = 1 << 18
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
    """
    began = time.monotonic()
    channel: paramiko.Channel | None = None

    def give_up() -> None:
        if channel:
            channel.close()

    deadline = Deadline(command.timeout_s + _GRACE_S)
    with deadline.enforced_by(give_up):
        try:
            channel = transport.open_session(window_size=_WINDOW, timeout=deadline.remaining_s)
            channel.exec_command(line)
            _send(channel, stdin)
            stdout, stderr = _drain(channel.recv), _drain(channel.recv_stderr)
            exit_code = channel.recv_exit_status()
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _lost(host, command, deadline, error) from error
        finally:
            give_up()
    duration_s = time.monotonic() - began
    if duration_s >= command.timeout_s:
        raise CommandTimeout(_timeout_text(host, command, stdout, stderr))
    if exit_code < 0:
        raise Unreachable(host, "connection-lost", f"while `{command}` was running")
    return CommandResult(
        command=command,
        exit_code=exit_code,
        stdout=stdout.decode(errors="replace"),
        stderr=stderr.decode(errors="replace"),
        duration_s=duration_s,
    )


def _send(channel: paramiko.Channel, data: bytes) -> None:
    view = memoryview(data)
    while view and not channel.closed:
        try:
            view = view[channel.send(view[:_CHUNK]) :]
        except OSError:
            if not channel.closed:
                raise
    channel.shutdown_write()


def _drain(receive: Callable[[int], bytes]) -> bytes:
    chunks = []
    while chunk := receive(_CHUNK):
        chunks.append(chunk)
    return b"".join(chunks)


def _lost(host: str, command: Command, deadline: Deadline, error: Exception) -> Exception:
    if deadline.expired:
        return CommandTimeout(f"{host}: `{command}` outlived its {command.timeout_s:g} s and the host did not answer")
    return Unreachable(host, "connection-lost", f"while `{command}` was running: {error or type(error).__name__}")


def _timeout_text(host: str, command: Command, stdout: bytes, stderr: bytes) -> str:
    said = (stderr.strip() or stdout.strip()).decode(errors="replace").splitlines()[-3:]
    last = f"; it said last: {' | '.join(said)}" if said else "; it said nothing"
    return f"{host}: `{command}` outlived its {command.timeout_s:g} s and was ended there{last}"
