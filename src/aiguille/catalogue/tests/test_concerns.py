"""Every indication is somebody's concern, once."""

from collections import Counter

import pytest

from aiguille.catalogue import seed
from aiguille.catalogue.concerns import concerns, offered_concerns
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Indication


def test_every_indication_belongs_to_one_concern():
    counted = Counter(one for concern in concerns() for one in concern.indications)
    assert counted == Counter(Indication)


@pytest.mark.django_db
def test_only_concerns_with_something_on_offer_are_shown(world, django_assert_num_queries):
    seed.load(actor=SYSTEM, at=world.at)
    with django_assert_num_queries(1):
        found = {concern.code: concern for concern in offered_concerns()}
    assert "pain" not in found
    assert {t.procedure for t in found["ageing"].treatments} == {"needling", "mesotherapy"}
