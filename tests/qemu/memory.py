"""What the running firmware has in use of its memory, read out of the emulated
Pi's RAM: lwIP's pools by their free lists, its heap block by block, and the
arenas of TLS. The image itself counts none of it."""
import os
import struct
import subprocess

from tests.common.machine import ELF

HEADER = 16  # of a block of lwIP's heap: next, prev, used
ARENA = 6    # words of struct arena; the third says what is used


class Memory:
    def __init__(self, machine):
        self.machine = machine
        self.file = os.path.join(machine.work, "ram")
        self.at, self.size = {}, {}
        for line in subprocess.run(
                ["arm-none-eabi-nm", "-S", ELF], capture_output=True,
                text=True, check=True).stdout.splitlines():
            words = line.split()
            if len(words) == 4:
                self.at[words[3]] = int(words[0], 16)
                self.size[words[3]] = int(words[1], 16)
        self.pools = [name[len("memp_tab_"):] for name in self.at
                      if name.startswith("memp_tab_")]
        self.end = max(self.at[n] + self.size[n] for n in self.at)

    def word(self, at):
        return struct.unpack_from("<I", self.ram, at)[0]

    def free(self, pool, number):
        """How many of a pool are on its free list."""
        n, at = 0, self.word(self.at[f"memp_tab_{pool}"])
        while at and n <= number:
            n, at = n + 1, self.word(at)
        return n

    def heap(self):
        """Bytes of the heap in blocks, their headers included."""
        ram, end = self.word(self.at["ram"]), self.word(self.at["ram_end"])
        used, at = 0, 0
        while ram + at < end:
            onward = self.word(ram + at)
            assert onward > at, "a moment between two words"
            used += (onward - at) * self.ram[ram + at + 8]
            at = onward
        return used

    def look(self):
        """{pool: how many are in use}, of heap and arenas the bytes."""
        while True:
            self.machine.qmp("pmemsave", val=0, size=self.end,
                             filename=self.file)
            with open(self.file, "rb") as file:
                self.ram = file.read()
            try:
                used = {}
                for pool in self.pools:
                    number = struct.unpack_from(
                        "<HH", self.ram, self.at[f"memp_{pool}"])[1]
                    free = self.free(pool, number)
                    assert free <= number, "a moment between two words"
                    used[pool] = number - free
                used["heap"] = self.heap()
            except (AssertionError, struct.error, IndexError):
                continue
            arenas = self.at["arenas"]
            used["arenas"] = sum(
                self.word(arenas + i + 8) for i in range(
                    0, self.size["arenas"], 4 * ARENA))
            return used

    def marks(self, looks=40):
        """The least of some looks: what a request takes for a moment does not
        count."""
        least = self.look()
        for _ in range(looks):
            for name, n in self.look().items():
                least[name] = min(n, least[name])
        return least
