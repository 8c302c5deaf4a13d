"""A site that stands: its name and address, and who works there as they do at another."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.clinics import events
from aiguille.clinics.changing import SetUpUnsound, expect_seen, found, note_change
from aiguille.clinics.models import Membership, Site
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text

_LONGEST = {"name": 120, "street": 200, "postcode": 10, "city": 80, "phone": 20}


@transaction.atomic
def update_site(
    *,
    site_id: UUID,
    name: str,
    street: str,
    postcode: str,
    city: str,
    phone: str,
    email: str,
    access: Text,
    actor: Actor,
    at: datetime,
    seen: str | None = None,
) -> None:
    """Change a site's name, address and how one comes there; its time zone stays.

    `seen` is the mark (`changing.digest_of` of `site_state`) of what the page showed.

    Raises:
        SetUpUnsound: something is missing or too long; it is the field.
        SetUpStale: the site is not what the page showed.
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    site = found(Site.objects.select_for_update().filter(id=site_id).first())
    before = site_state(site_id)
    expect_seen(before, seen)
    given = {"name": name, "street": street, "postcode": postcode, "city": city, "phone": phone}
    for field, value in given.items():
        if not value.strip():
            raise SetUpUnsound(Text(fr="À remplir.", en="Fill this in."), field=field)
        if len(value) > _LONGEST[field]:
            raise SetUpUnsound(Text(fr="C’est trop long.", en="This is too long."), field=field)
        setattr(site, field, value.strip())
    site.email, site.access = email, access
    site.save(update_fields=[*given, "email", "access"])
    note_change(
        events.SITE_CHANGED,
        actor=actor,
        at=at,
        kind="site",
        subject_id=site_id,
        site_id=site_id,
        before=before,
        after=site_state(site_id),
    )


@transaction.atomic
def give_same_roles(
    *, site_id: UUID, as_at: UUID, valid_from: date, actor: Actor, at: datetime
) -> int:
    """Give everybody the role at a site that they have at another, and return how many.

    Roles that they have already there are left as they are.

    Raises:
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_STAFF)
    found(Site.objects.filter(id=site_id).first())
    there = set(Membership.objects.filter(site_id=site_id).values_list("user_id", "role"))
    stands = Membership.objects.filter(site_id=as_at, valid_during__contains=valid_from)
    made = [
        Membership(
            user_id=one.user_id,
            site_id=site_id,
            role=one.role,
            valid_during=(valid_from, one.valid_during.upper),
        )
        for one in stands
        if (one.user_id, one.role) not in there
    ]
    Membership.objects.bulk_create(made)
    for one in made:
        note_change(
            events.MEMBERSHIP_ADDED,
            actor=actor,
            at=at,
            kind="user",
            subject_id=one.user_id,
            site_id=site_id,
            role=one.role,
        )
    return len(made)


def site_state(site_id: UUID) -> dict[str, object]:
    """Return what may be changed of a site, as JSON values (one query).

    Raises:
        NotVisible: there is none.
    """
    site = found(Site.objects.filter(id=site_id).first())
    names = ("name", "street", "postcode", "city", "phone", "email")
    return {**{name: getattr(site, name) for name in names}, "access": site.access.as_dict()}
