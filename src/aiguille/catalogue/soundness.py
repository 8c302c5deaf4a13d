"""What a service must be like: the parts that make it, and how it is offered, without a database."""

from collections import Counter
from collections.abc import Sequence

from aiguille.catalogue.queries import NeedView, PhaseView, PriceDisplay, ServiceView
from aiguille.clinics.changing import digest_of
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text
from aiguille.scheduling.timeline import TICK_MINUTES

LONGEST_NAME, LONGEST_DESCRIPTION = 120, 1000
HIGHEST_PRICE_MINOR = 10_000_000
LONGEST_PHASE_MINUTES = 12 * 60
LONGEST_BUFFER_MINUTES = 4 * 60
LONGEST_NOTICE_MINUTES = 90 * 24 * 60
FURTHEST_HORIZON_DAYS = 730
LONGEST_STEP_MINUTES = 120


class ServiceUnsound(DomainError):
    """A service's needs and phases do not fit together."""

    code = "service_unsound"
    default_text = Text(
        fr="Les phases et les ressources de cette prestation ne s’accordent pas : chaque durée est "
        "un multiple de cinq minutes, chaque ressource nommée sert dans une phase au moins, et un "
        "seul praticien est demandé.",
        en="The phases and needs of this service do not fit: lengths are multiples of five "
        "minutes, every need is named by a phase, and one practitioner is asked for at most.",
    )


def check_words(
    *, name: Text, description: Text, price: Money, price_display: PriceDisplay
) -> None:
    """Let the texts and the price of a service pass that patients can read.

    Raises:
        ServiceUnsound: one is missing or too long; its field is `name.fr`, `description.en`,
            `price_minor`, ...
    """
    limits = {"name": (name, LONGEST_NAME), "description": (description, LONGEST_DESCRIPTION)}
    for field, (text, longest) in limits.items():
        for language, words in text.as_dict().items():
            if not words.strip():
                raise ServiceUnsound(
                    Text(
                        fr="À remplir : les patients lisent le français ou l’anglais.",
                        en="Fill this in: patients read French or English.",
                    ),
                    field=f"{field}.{language}",
                )
            if len(words) > longest:
                raise ServiceUnsound(
                    Text(fr="C’est trop long.", en="This is too long."),
                    field=f"{field}.{language}",
                )
    if price_display is not PriceDisplay.QUOTE and not 0 <= price.minor <= HIGHEST_PRICE_MINOR:
        raise ServiceUnsound(
            Text(fr="Ce prix n’est pas plausible.", en="This price is not plausible."),
            field="price_minor",
        )


def check_draft(*, needs: Sequence[NeedView], phases: Sequence[PhaseView]) -> None:
    """Let the parts of a draft pass: what is there is right, whatever still lacks.

    Raises:
        ServiceUnsound: see `check_parts`.
    """
    for place, phase in enumerate(phases):
        _check_minutes(
            phase.minutes, f"phases.{place}.minutes", least=TICK_MINUTES, most=LONGEST_PHASE_MINUTES
        )
    _check_buffers(needs)


def check_parts(*, needs: Sequence[NeedView], phases: Sequence[PhaseView]) -> None:
    """Let needs and phases pass that fit together.

    Raises:
        ServiceUnsound: the first that does not; its field is `needs.<place>.<what>` or
            `phases.<place>.<what>`, or `phases` where there is none.
    """
    if not phases:
        raise ServiceUnsound(
            Text(fr="Une prestation a au moins une phase.", en="A service has one phase at least."),
            field="phases",
        )
    for place, phase in enumerate(phases):
        _check_minutes(
            phase.minutes, f"phases.{place}.minutes", least=TICK_MINUTES, most=LONGEST_PHASE_MINUTES
        )
        if not set(phase.needs) <= {need.name for need in needs}:
            raise ServiceUnsound(
                Text(
                    fr="Cette phase occupe une ressource qui n’est pas demandée.",
                    en="This phase holds something that is not among the needs.",
                ),
                field=f"phases.{place}.needs",
            )
    used = {name for phase in phases for name in phase.needs}
    named = Counter(need.name for need in needs)
    doctors = 0
    for place, need in enumerate(needs):
        field = f"needs.{place}"
        if named[need.name] > 1:
            raise ServiceUnsound(field=f"{field}.name")
        if need.name not in used:
            raise ServiceUnsound(
                Text(
                    fr="Aucune phase ne l’occupe : cochez-la dans une phase, ou retirez-la.",
                    en="No phase holds it: tick it in a phase, or remove it.",
                ),
                field=f"{field}.kind",
            )
        doctors += need.kind is ResourceKind.PRACTITIONER
        if doctors > 1:
            raise ServiceUnsound(
                Text(
                    fr="Un seul praticien par prestation.",
                    en="One practitioner a service at most.",
                ),
                field=f"{field}.kind",
            )
    _check_buffers(needs)


def check_offer(min_notice_minutes: int, max_horizon_days: int, slot_step_minutes: int) -> None:
    """Let a notice, a horizon and a step pass that make sense.

    Raises:
        ServiceUnsound: one does not; it is the field.
    """
    _check_minutes(min_notice_minutes, "min_notice_minutes", least=0, most=LONGEST_NOTICE_MINUTES)
    _check_minutes(
        slot_step_minutes, "slot_step_minutes", least=TICK_MINUTES, most=LONGEST_STEP_MINUTES
    )
    if not 1 <= max_horizon_days <= FURTHEST_HORIZON_DAYS:
        raise ServiceUnsound(
            Text(
                fr=f"De 1 à {FURTHEST_HORIZON_DAYS} jours.",
                en=f"From 1 to {FURTHEST_HORIZON_DAYS} days.",
            ),
            field="max_horizon_days",
        )


def service_state(service: ServiceView) -> dict[str, object]:
    """Return what may be changed of a service, as JSON values."""
    return {
        "name": service.name.as_dict(),
        "description": service.description.as_dict(),
        "price": [service.price.minor, service.price.currency, service.price_display.value],
        "sites": sorted(str(site) for site in service.site_ids),
        "is_draft": service.is_draft,
        "needs": [
            [n.name, n.kind.value, n.skill, n.buffer_before_minutes, n.buffer_after_minutes]
            for n in service.needs
        ],
        "phases": [[p.name.as_dict(), p.minutes, list(p.needs)] for p in service.phases],
        "min_notice_minutes": service.min_notice_minutes,
        "max_horizon_days": service.max_horizon_days,
        "slot_step_minutes": service.slot_step_minutes,
        "is_bookable_online": service.is_bookable_online,
        "is_active": service.is_active,
    }


def mark_of_service(service: ServiceView) -> str:
    """Return what `update_service` compares with."""
    return digest_of(service_state(service))


def _check_buffers(needs: Sequence[NeedView]) -> None:
    for place, need in enumerate(needs):
        for name in ("buffer_before_minutes", "buffer_after_minutes"):
            minutes = getattr(need, name)
            _check_minutes(minutes, f"needs.{place}.{name}", least=0, most=LONGEST_BUFFER_MINUTES)


def _check_minutes(minutes: int, field: str, *, least: int, most: int) -> None:
    if minutes % TICK_MINUTES:
        raise ServiceUnsound(
            Text(fr="Un multiple de cinq minutes.", en="A multiple of five minutes."), field=field
        )
    if not least <= minutes <= most:
        raise ServiceUnsound(
            Text(fr=f"De {least} à {most} minutes.", en=f"From {least} to {most} minutes."),
            field=field,
        )
