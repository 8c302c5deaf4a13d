"""The `aiguille bits` commands: prove that busy bits say what the rows say, and make them again."""

from typing import TextIO

from aiguille.booking.busy import check_bits, rebuild_bits


def check(out: TextIO) -> int:
    """Compare every week's bits with the rows; return 0 when all agree and 1 otherwise."""
    found = check_bits()
    for difference in found:
        wrong = int.from_bytes(difference.kept, "little") ^ int.from_bytes(
            difference.expected, "little"
        )
        print(
            f"{difference.resource_id} week {difference.week}: {wrong.bit_count()} ticks differ",
            file=out,
        )
    if found:
        print(
            f"The busy bits are wrong in {len(found)} weeks. Run: aiguille bits rebuild", file=out
        )
        return 1
    print("The busy bits say what the rows say.", file=out)
    return 0


def rebuild(out: TextIO) -> int:
    """Make all bits again from the rows."""
    print(f"The busy bits are made again: {rebuild_bits()} weeks.", file=out)
    return 0
