# SPDX-License-Identifier: Apache-2.0
"""A monotonic clock that can be set forward while the agent runs: ten minutes in no time.

A preloaded clock_gettime adds to the monotonic clock (and to that only) what a mapped file says.
The wall clock stays, and so does what counts time by itself, such as a wait that is under way.
"""

import mmap
import re
import struct
import subprocess
import time
from pathlib import Path

import peers

SHIM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile long long *shift_ns;

__attribute__((constructor)) static void open_file(void)
{
	int fd = open(getenv("SHIFTED_CLOCK"), O_RDONLY | O_CLOEXEC);
	void *mapped = mmap(NULL, sizeof(*shift_ns), PROT_READ, MAP_SHARED, fd, 0);

	if (mapped == MAP_FAILED)
		abort();
	close(fd);
	shift_ns = mapped;
}

int clock_gettime(clockid_t id, struct timespec *told)
{
	int result = syscall(SYS_clock_gettime, id, told);

	if (result || !shift_ns ||
		(id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE &&
			id != CLOCK_MONOTONIC_RAW && id != CLOCK_BOOTTIME))
		return result;
	long long ns = told->tv_nsec + *shift_ns;
	told->tv_sec += ns / 1000000000;
	told->tv_nsec = ns % 1000000000;
	return 0;
}
"""


class ShiftedClock:
    """Called, it tells the agent's time, so that a simulated broker goes by the same clock."""

    def __init__(self, folder):
        peers.need(Path("/usr/bin/cc"), "install a C compiler")
        text, library, offset = folder / "clock.c", folder / "clock.so", folder / "clock.offset"
        text.write_text(SHIM)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, text], check=True)
        offset.write_bytes(struct.pack("q", 0))
        with open(offset, "r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": " ".join([*self._sanitizers(), str(library)]),
                            "SHIFTED_CLOCK": str(offset)}
        self._seconds = 0

    @staticmethod
    def _sanitizers():
        """AddressSanitizer wants to be the first library; it calls ours in its turn."""
        done = subprocess.run(["ldd", str(peers.BINARY)], capture_output=True, text=True,
                              check=False)
        return re.findall(r"=> (\S*libasan\S*)", done.stdout)

    def forward(self, seconds):
        self._seconds += seconds
        self._mapped[:] = struct.pack("q", round(self._seconds * 1e9))

    def __call__(self):
        return time.monotonic() + self._seconds
