"""Money as whole minor units; floats never pass."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents for EUR)."""

    minor: int
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError("an amount is a whole number of minor units")

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError("amounts of different currencies are not added")
        return Money(self.minor + other.minor, self.currency)
