"""Programs on the operator's machine: kubectl, kustomize, helm."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress

from tasks.model.command import Command, CommandResult
from tasks.model.errors import CommandTimeout
from tasks.transport.plan import refuse_mutation

_KILL_GRACE_S = 2.0


class LocalShell:
    """
    Runs programs here, each in a process group of its own that dies with its deadline.

    Arguments:
        plan: refuse every command that mutates

    """

    def __init__(self, *, plan: bool = False) -> None:
        self._plan = plan

    def run(self, command: Command) -> CommandResult:
        """Run one program to its end; see ``Shell.run``. Elevation is the operator's: ``sudo`` is refused."""
        refuse_mutation(command, plan=self._plan)
        if command.sudo:
            raise ValueError(f"`{command}`: programs on this machine run as the operator, never through sudo")
        began = time.monotonic()
        try:
            with _started(command) as process:
                stdout, stderr = _communicate(process, command)
            exit_code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            stdout, stderr, exit_code = b"", f"{command.argv[0]}: {error.strerror}\n".encode(), _not_run(error)
        return CommandResult(
            command=command,
            exit_code=exit_code,
            stdout=stdout.decode(errors="replace"),
            stderr=stderr.decode(errors="replace"),
            duration_s=time.monotonic() - began,
        )


def _started(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **dict(command.env)},
        start_new_session=True,
    )


def _not_run(error: OSError) -> int:
    """The exit code by which a POSIX shell says that it could not start a program."""
    return 127 if isinstance(error, FileNotFoundError) else 126


def _communicate(process: subprocess.Popen[bytes], command: Command) -> tuple[bytes, bytes]:
    try:
        return process.communicate(command.stdin, timeout=command.timeout_s)
    except subprocess.TimeoutExpired:
        _kill_group(process)
        raise CommandTimeout(f"`{command}` outlived its {command.timeout_s:g} s and was killed") from None
    except BaseException:
        _kill_group(process)
        raise


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the program and everything it started: politely first, for it may hold a lock or a temporary file."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_KILL_GRACE_S)
            return
