#!/usr/bin/env python3
"""The emulated Pi under strangers who make it compute: half a handshake, a
whole one that asks for nothing (tests/host/test_ke_abuse.py)."""
import sys

from tests.common.machine import Machine
from tests.host.test_ke_abuse import floods


def boot(card, ke):
    return Machine(card=card,
                   net=f"user,id=n0,hostfwd=tcp:127.0.0.1:{ke}-:4460")


if __name__ == "__main__":
    sys.exit(floods(sys.argv[1:], ("hello", "whole"), boot))
