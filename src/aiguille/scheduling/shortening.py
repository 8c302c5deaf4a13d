"""Services that last for centuries, as a scenario file may have them, made short enough to answer.

After the last date that a file names, only weekly hours are left. They repeat: the calendar, and
with it every change of clocks, comes back after 400 years, which are whole weeks; and what is open
for eight weeks in a row then is open for ever.
"""

from dataclasses import replace

from aiguille.scheduling.services import Phase, Service
from aiguille.scheduling.timeline import TICK_MINUTES, TICKS_PER_DAY, TICKS_PER_WEEK

CYCLE = 146_097 * TICKS_PER_DAY
_FOR_EVER = 8 * TICKS_PER_WEEK


def shortened(service: Service, *, settled_after: int) -> Service:
    """Return a service with the same possible starts, its longest phases shorter.

    `settled_after` is the number of ticks from the earliest start to the last date that is named:
    from there on, only weekly hours are left.
    """
    phases: list[Phase] = []
    begin = 0
    for place, phase in enumerate(service.phases):
        length = phase.minutes // TICK_MINUTES
        least = max(_FOR_EVER, settled_after + _FOR_EVER - begin)
        if length > least:
            is_last = place == len(service.phases) - 1
            length = least if is_last else length - (length - least) // CYCLE * CYCLE
        phases.append(replace(phase, minutes=length * TICK_MINUTES))
        begin += length
    return replace(service, phases=tuple(phases))
