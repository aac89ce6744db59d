# SPDX-License-Identifier: Apache-2.0
"""Timer mode, one cycle at a time: what the suites of faults and of the timer share."""

import re
import signal

from exposition import Exposition
from peers import wait_until

# So long that no tick falls into a test: there a cycle comes by SIGUSR1 alone, after the first.
NO_TICK = {"interval": "10m", "splay": "0s"}
# Real ticks, as short as they may be.
TICKS = {"interval": "1s", "splay": "0s"}


def body(push):
    return Exposition.parse(push.body.decode())


def bodies(pushes):
    return [push.body for push in pushes]


def push_now(running, *gateways):
    """One cycle by SIGUSR1, or one after that which runs. The last push at each gateway, once
    all have one more; with several groups a gateway is named once for each."""
    wanted = {gateway: len(gateway.pushes) for gateway in gateways}
    for gateway in gateways:
        wanted[gateway] += 1
    running.send_signal(signal.SIGUSR1)
    for gateway, count in wanted.items():
        wait_pushes(running, gateway, count)
    return [gateway.pushes[-1] for gateway in gateways]


def wait_pushes(running, gateway, count):
    """The pushes at a fake gateway, once there are so many; with the log if they never come."""
    def arrived():
        ended = running.process.poll()
        return len(gateway.pushes) >= count or ended is not None
    try:
        wait_until(arrived, f"{count} pushes at the fake gateway")
        pushes = gateway.pushes
        if len(pushes) < count:
            raise AssertionError(f"brokerpush ended with {running.process.returncode}")
    except AssertionError as error:
        raise AssertionError(f"{error}; there were {len(gateway.pushes)}\nthe log:\n"
                             f"{running.log}") from None
    return pushes


def wait_push(running, gateway, wanted, after=0):
    """The first push whose exposition satisfies wanted(), the earlier ones not counted."""
    seen = after
    while True:
        pushes = wait_pushes(running, gateway, seen + 1)
        for push in pushes[seen:]:
            seen += 1
            if wanted(body(push)):
                return push


def lines(log, message):
    """The lines of a logfmt log with exactly this message."""
    marker = f'msg="{message}"' if " " in message else f"msg={message}"
    return [line for line in log.splitlines() if f" {marker}" in line]


def assert_told_once(log, message, *parts):
    """One line has the message, and it says all these parts. Returns it."""
    found = lines(log, message)
    if len(found) != 1:
        raise AssertionError(f"{len(found)} lines {message!r} in:\n{log}")
    for part in parts:
        if part not in found[0]:
            raise AssertionError(f"no {part!r} in: {found[0]}")
    return found[0]


def peak_memory(running):
    """The most that it ever had resident, in bytes."""
    with open(f"/proc/{running.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) << 10
