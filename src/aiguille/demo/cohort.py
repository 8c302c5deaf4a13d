"""Who comes to the demo's clinic: about 120 paths, begun so that every stage is there today."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from aiguille.demo.courses import MENUS, Menu
from aiguille.demo.patients import Script, Until


def scripts(rng: random.Random, *, now: datetime) -> Iterator[Script]:
    for n in range(12):
        yield Script(menu=rng.choice(MENUS), place=n % 2, begins_at=now - timedelta(days=50 - n * 3, minutes=n), waits_days=3, ahead=2)
