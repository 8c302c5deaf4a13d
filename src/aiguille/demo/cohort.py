"""Who comes to the demo's clinic: 120 paths, begun so that every stage is there today."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from aiguille.care.reflection import reflection_days
from aiguille.demo.courses import MENUS, Menu
from aiguille.demo.patients import Report, Script, Until
from aiguille.kernel.codes import Indication, Procedure, Symptom, VerdictOutcome

_YES = {"answer": "yes"}
# A session would otherwise follow its consultation by four days.
_THINKS_DAYS = reflection_days().usual - 4


def scripts(*, place: int, now: datetime, rng: random.Random) -> list[Script]:
    """Return the 60 paths of one site, in the order in which their people are invented."""
    cohort = _Cohort(place=place, now=now, rng=rng)
    return [
        *cohort.newcomers(),
        *cohort.verdicts(),
        *cohort.courses(),
        *(cohort.in_lyon() if place == 0 else cohort.in_paris()),
    ]


class _Cohort:
    """The paths of one site."""

    def __init__(self, *, place: int, now: datetime, rng: random.Random) -> None:
        self.place = place
        self.now = now
        self.rng = rng

    def newcomers(self) -> Iterator[Script]:
        """Yield those who have not had their consultation yet, or never came to it."""
        for number in range(4):
            until = Until.WAITS if number % 2 else Until.BOOKED
            yield self._script(begun=0.2 + number * 0.6, waits=5 + number * 4, until=until)
        for number in range(3):
            yield self._script(begun=2 + number, waits=7 + number * 3, until=Until.SPACE_OPENED)
        for number in range(2):
            yield self._script(begun=3 + number, waits=9 + number * 3, until=Until.ANSWERED_IN_PART)
        for number in range(7):
            # The first three come today.
            waits = 4 if number < 3 else 4 + number
            yield self._script(begun=4 if number < 3 else 3.5, waits=waits)
        for number in range(2):
            yield self._script(begun=20 - number * 6, waits=9, until=Until.CANCELLED)
        yield self._script(begun=16, waits=8, until=Until.NO_SHOW)

    def verdicts(self) -> Iterator[Script]:
        """Yield those who had their consultation and no session."""
        yield self._script(
            begun=18,
            waits=6,
            until=Until.VERDICT,
            menu=_menu(Indication.MESOLIFT_AGEING),
            answers={"S01": _YES},
            outcome=VerdictOutcome.NOT_ELIGIBLE,
            verdict_reason="Grossesse en cours : soin contre-indiqué, à reprendre ensuite.",
        )
        yield self._script(
            begun=25,
            waits=7,
            until=Until.PLAN,
            menu=_menu(Indication.ACNE_SCAR_ATROPHIC),
            outcome=VerdictOutcome.NOT_BEFORE,
            not_before_days=60,
            verdict_reason="Peau bronzée au retour de vacances : attendre deux mois.",
        )
        yield self._script(
            begun=12,
            waits=5,
            outcome=VerdictOutcome.ELIGIBLE_IF,
            until=Until.CONSENT,
            conditions="Arrêt des rétinoïdes locaux sept jours avant chaque séance.",
            verdict_reason="Bonne indication, peau sèche sous rétinoïde local.",
        )
        for number in range(2):
            yield self._script(begun=13 - number * 5, waits=4, until=Until.PLAN)
            yield self._script(begun=15 - number * 4, waits=5, until=Until.CONSENT)

    def courses(self) -> Iterator[Script]:
        """Yield those who are on their course, the latest to begin on top."""
        for number in range(28):
            yield self._on_course(begun=6 + number * 0.36, waits=4 + number % 3)
        # Courses that are done: begun long enough ago, or short.
        yield self._on_course(
            begun=62,
            waits=4,
            menu=_menu(Indication.MESOLIFT_AGEING),
            sessions=2,
            is_photographed=True,
        )
        yield self._on_course(begun=50, waits=4, menu=_menu(Indication.AGEING), sessions=1)

    def in_lyon(self) -> Iterator[Script]:
        """Yield what happens in Lyon only."""
        yield self._on_course(
            begun=17,
            waits=4,
            menu=_menu(Indication.MESOLIFT_AGEING),
            changes={"S01": _YES},
        )
        yield self._reporting(
            Report(1, 20, Symptom.REDNESS, "Rougeurs sur les deux joues, comme prévu.", pain=1),
            begun=14,
        )
        yield self._reporting(
            Report(
                1,
                54,
                Symptom.BRUISE,
                "Un bleu sous la pommette gauche.",
                pain=2,
                answer="Un bleu de cette taille s’efface en une dizaine de jours. Compresses "
                "fraîches, pas de massage ; écrivez-nous s’il grandit.",
            ),
            begun=19,
        )

    def in_paris(self) -> Iterator[Script]:
        """Yield what happens in Paris only."""
        yield self._reporting(
            Report(1, 30, Symptom.PUS, "Un bouton blanc et chaud sur la joue droite.", pain=5),
            begun=15.5,
        )
        yield self._reporting(
            Report(1, 60, Symptom.NODULE, "Une petite boule sous la peau du front.", pain=1),
            begun=18,
        )
        yield self._on_course(begun=21, waits=4, menu=_menu(Indication.HAIR_LOSS), misses=1)
        yield self._on_course(begun=16, waits=4, menu=_menu(Indication.ACNE), cancels=1)

    def _reporting(self, *reports: Report, begun: float) -> Script:
        return self._on_course(
            begun=begun, waits=4, menu=_menu(Indication.MESOLIFT_AGEING), reports=reports
        )

    def _on_course(self, *, begun: float, waits: int, **more: object) -> Script:
        """Return a path with sessions: it began that much earlier for the time to think it over."""
        return self._script(begun=begun + _THINKS_DAYS, waits=waits, **more)  # type: ignore[arg-type]

    def _script(
        self, *, begun: float, waits: int, menu: Menu | None = None, **more: object
    ) -> Script:
        chosen = menu or self._menu()
        return replace(
            Script(
                menu=chosen,
                place=self.place,
                begins_at=self.now - timedelta(days=begun, minutes=self.rng.randrange(200)),
                waits_days=waits,
                ahead=_AHEAD[chosen.procedure],
            ),
            **more,  # type: ignore[arg-type]
        )

    def _menu(self) -> Menu:
        return self.rng.choices(MENUS, weights=[menu.weight for menu in MENUS])[0]


# Sessions of mesotherapy lie close together and are booked in one go.
_AHEAD = {Procedure.MESOTHERAPY: 10, Procedure.NEEDLING: 2}


def _menu(indication: Indication) -> Menu:
    return next(menu for menu in MENUS if menu.indication == indication)
