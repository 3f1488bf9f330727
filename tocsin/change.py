"""A change that a person wants in force, and the number of the plan that they looked at.

The number stands for both ends of the change and for nothing else: what was in force, and what would be. So
it goes stale as soon as either is another, and never by time alone.
"""

from hashlib import blake2b
from typing import Literal

import msgspec

AGAIN = "run `tocsin plan` again, look at it, and apply that one"


def plan_number(running: str, bundle: str, *, compared: bool = False) -> str:
    """Of the change from one bundle (hash) to another; another one if both were compared on a record."""
    text = f"{running}\0{bundle}\0{'compared' if compared else ''}"
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`candidate` as in `tocsin.candidate`, a path absolute; `plan` the number of the plan.

    `what`: a rollback names a bundle that was in force, and needs no plan. `compared`: only a plan will do
    that showed what the change would have done on a record.
    """

    candidate: str
    plan: str = ""
    reason: str = ""
    what: Literal["apply", "rollback"] = "apply"
    compared: bool = False

    def stale(self, running: str, bundle: str) -> str:
        """Why the plan is not that of the change from `running` to `bundle`; empty if it is."""
        if self.what == "rollback":
            return ""
        if self.plan == plan_number(running, bundle, compared=True):
            return ""
        if self.plan != plan_number(running, bundle):
            moved = f"in force is {running}, and {self.candidate} is {bundle} now"
            return f"plan {self.plan} is stale: it was made for another change ({moved}); {AGAIN}"
        if self.compared:
            return f"plan {self.plan} did not compare both on a record: run `tocsin plan --on 24h`, {AGAIN}"
        return ""
