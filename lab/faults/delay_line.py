"""
A wire that takes its time: `python -m lab.faults.delay_line LINK LINK MS` carries frames between two links, MS later.

Not every kernel has a delaying queue (netem), so frames are held in user space. They pass whole, with the kernel's own
notes about checksums and segments still to be made (the virtio header), so nothing is computed or cut here.
"""

import selectors
import socket
import sys
import time
from collections import deque

_ALL_PROTOCOLS = 0x0003  # ETH_P_ALL, <linux/if_ether.h>
_SOL_PACKET, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING = 263, 15, 23  # <linux/if_packet.h>
_LARGEST = 10 + 14 + 65536
_BUFFER = 4 << 20


class Direction:
    """Frames on their way from one link to the other."""

    def __init__(self, source: socket.socket, sink: socket.socket, delay_s: float) -> None:
        self._source, self._sink, self._delay_s = source, sink, delay_s
        self._held: deque[tuple[float, bytes]] = deque()

    def take(self) -> None:
        """Take every frame that has arrived."""
        while True:
            try:
                frame = self._source.recv(_LARGEST)
            except BlockingIOError:
                return
            self._held.append((time.monotonic() + self._delay_s, frame))

    def give(self) -> float | None:
        """Send every frame that is due; return in how many seconds the next one is, None where none is held."""
        while self._held:
            wait = self._held[0][0] - time.monotonic()
            if wait > 0:
                return wait
            _, frame = self._held.popleft()
            try:
                self._sink.send(frame)
            except (BlockingIOError, OSError):
                continue  # as a wire does with a frame that its far end does not take
        return None


def carry(first: str, second: str, delay_s: float) -> None:
    """Carry frames both ways until this process ends."""
    near, far = _open(first), _open(second)
    directions = (Direction(near, far, delay_s), Direction(far, near, delay_s))
    ready = selectors.DefaultSelector()
    ready.register(near, selectors.EVENT_READ, directions[0])
    ready.register(far, selectors.EVENT_READ, directions[1])
    print(f"carrying between {first} and {second}, {delay_s * 1000:.0f} ms each way", flush=True)
    while True:
        waits = [wait for direction in directions if (wait := direction.give()) is not None]
        for key, _ in ready.select(min(waits, default=None)):
            key.data.take()


def _open(link: str) -> socket.socket:
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    packets.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    packets.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    packets.settimeout(0)
    packets.bind((link, _ALL_PROTOCOLS))
    return packets


if __name__ == "__main__":
    carry(sys.argv[1], sys.argv[2], int(sys.argv[3]) / 1000)
