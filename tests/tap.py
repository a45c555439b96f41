"""What a test prints: TAP, one line a check."""
import os

# Seconds. What is waited for longer does not come; nothing is judged by it.
GUARD_S = 240
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Tap:
    """`ok 1 - what` lines; exit status says whether all were."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, good, what, detail=""):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {what}",
              flush=True)
        if not good:
            self.failed += 1
            for line in str(detail).splitlines()[-60:]:
                print(f"#   {line}", flush=True)
        return bool(good)

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0
