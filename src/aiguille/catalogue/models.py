"""What the clinic offers: treatments, the services that are booked, products, adopted protocols."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from aiguille.kernel.codes import (
    Active,
    Indication,
    Procedure,
    ProductKind,
    ProductStatus,
    ResourceKind,
    ServiceKind,
)
from aiguille.plumbing.models import (
    AppendOnlyRow,
    LocalizedField,
    OrderedJSONField,
    Row,
    Signed,
)


def _choices(codes: type) -> list[tuple[str, str]]:
    return [(code.value, code.name) for code in codes]  # type: ignore[attr-defined]


class Treatment(Row):
    """A (procedure, indication) pair that the clinic offers."""

    code = models.SlugField(max_length=60, unique=True)
    procedure = models.CharField(max_length=20, choices=_choices(Procedure))
    indication = models.CharField(max_length=40, choices=_choices(Indication))
    name = LocalizedField()
    summary = LocalizedField()
    is_offered = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "catalogue_treatment"
        constraints = [
            models.UniqueConstraint(
                fields=["procedure", "indication"], name="one_treatment_per_indication"
            )
        ]


class ProtocolVersion(AppendOnlyRow):
    """A version of a protocol file as the clinic adopted it; a session keeps the one it began with.

    `content` is the whole protocol as its file gave it, in its order, which is that of the fields
    on the screen; `digest` is the SHA-256 of its canonical JSON.
    """

    protocol_id = models.SlugField(max_length=80)
    version = models.CharField(max_length=20)
    procedure = models.CharField(max_length=20, choices=_choices(Procedure))
    indications = ArrayField(models.CharField(max_length=40, choices=_choices(Indication)))
    title = LocalizedField()
    content = OrderedJSONField()
    digest = models.CharField(max_length=64)
    adopted_at = models.DateTimeField()
    adopted_by = models.CharField(max_length=200)

    class Meta:
        db_table = "catalogue_protocol_version"
        constraints = [
            models.UniqueConstraint(
                fields=["protocol_id", "version"], name="one_row_per_protocol_version"
            )
        ]


class PriceDisplay(models.TextChoices):
    """How the price of a service is shown to the public."""

    EXACT = "EXACT", "The price"
    FROM = "FROM", "From this price on"
    QUOTE = "QUOTE", "By a quote"


class Service(Row):
    """What is booked: a consultation, a session of one treatment, or a check-up.

    A session belongs to one treatment; a consultation serves a whole procedure. A draft may lack
    its phases and is never on offer. `site_ids` are the only sites that offer it; none is every one.
    """

    code = models.SlugField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, choices=_choices(ServiceKind))
    procedure = models.CharField(max_length=20, choices=_choices(Procedure))
    treatment = models.ForeignKey(
        Treatment, on_delete=models.PROTECT, null=True, related_name="services"
    )
    name = LocalizedField()
    description = LocalizedField()
    min_notice_minutes = models.PositiveIntegerField()
    max_horizon_days = models.PositiveIntegerField()
    slot_step_minutes = models.PositiveSmallIntegerField(default=15)
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    price_display = models.CharField(
        max_length=10,
        choices=PriceDisplay,
        default=PriceDisplay.EXACT,
        db_default=PriceDisplay.EXACT,
    )
    site_ids = ArrayField(models.UUIDField(), default=list, db_default=[])
    is_draft = models.BooleanField(default=False, db_default=False)
    is_bookable_online = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "catalogue_service"
        constraints = [
            # The targets of the appointment's composite foreign keys (booking, 0002).
            models.UniqueConstraint(fields=["id", "kind"], name="service_with_kind"),
            models.UniqueConstraint(
                fields=["id", "kind", "treatment"], name="service_with_kind_and_treatment"
            ),
            models.CheckConstraint(
                name="sessions_belong_to_a_treatment",
                condition=~Q(kind=ServiceKind.SESSION) | Q(treatment__isnull=False),
            ),
            models.CheckConstraint(
                name="drafts_are_not_on_offer", condition=Q(is_draft=False) | Q(is_active=False)
            ),
        ]


class ServiceNeed(Row):
    """Something that a service holds: a practitioner, a room, a device with a skill."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="needs")
    name = models.SlugField(max_length=40)
    kind = models.CharField(max_length=20, choices=_choices(ResourceKind))
    skill = models.CharField(max_length=60, blank=True)
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "catalogue_service_need"
        constraints = [
            models.UniqueConstraint(fields=["service", "name"], name="one_need_per_name")
        ]


class ServicePhase(Row):
    """A part of a service, in order, with the names of the needs it holds."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField()
    name = LocalizedField()
    minutes = models.PositiveSmallIntegerField()
    needs = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        db_table = "catalogue_service_phase"
        constraints = [
            models.UniqueConstraint(fields=["service", "position"], name="one_phase_per_position")
        ]


class Product(Row):
    """A product or instrument, with its composition, status and where that comes from."""

    code = models.SlugField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, choices=_choices(ProductKind))
    name = models.CharField(max_length=160)
    maker = models.CharField(max_length=160)
    gtin = models.CharField(max_length=14, blank=True)
    status = models.CharField(max_length=40, choices=_choices(ProductStatus))
    actives = ArrayField(models.CharField(max_length=40, choices=_choices(Active)), default=list)
    is_sterile = models.BooleanField(default=False)
    is_single_use = models.BooleanField(default=False)
    needle_count = models.PositiveSmallIntegerField(null=True)
    needle_mm = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    volume_ml = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    lidocaine_mg_per_unit = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    sources = ArrayField(models.CharField(max_length=20), default=list)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "catalogue_product"


class RuleValueChange(AppendOnlyRow, Signed):
    """The medical director's signed act on a rule: a value of the clinic's own, or a confirmation.

    `setting` names the value (`R15.max_mg`); it is empty where the act confirms the rule as its
    file stands at `rule_version`. `at_least` and `at_most` are the hard limits on that day,
    `replaced_value` what was in force. A trigger lets nobody sign but the medical director of
    `signed_on`, the local date of the signature (0004).
    """

    rule_id = models.CharField(max_length=40)
    rule_version = models.CharField(max_length=20)
    rulebook_version = models.CharField(max_length=40)
    setting = models.CharField(max_length=80, blank=True)
    value = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    replaced_value = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    at_least = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    at_most = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    reason = models.TextField()
    effective_on = models.DateField()
    signed_on = models.DateField()

    class Meta:
        db_table = "catalogue_rule_value_change"
        indexes = [models.Index(fields=["rule_id", "-signed_at"], name="rule_changes_latest")]
        constraints = [
            models.CheckConstraint(name="rule_change_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="rule_change_has_its_value_and_limits",
                condition=Q(setting="", value=None)
                | (
                    ~Q(setting="")
                    & Q(value__isnull=False, replaced_value__isnull=False)
                    & Q(at_least__isnull=False, at_most__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="rule_value_within_its_limits",
                condition=Q(value=None) | Q(value__gte=F("at_least"), value__lte=F("at_most")),
            ),
            models.CheckConstraint(
                name="rule_change_never_of_the_past",
                condition=Q(effective_on__gte=F("signed_on")),
            ),
        ]


class RuleValueInForce(AppendOnlyRow):
    """The moment a change of value came into force; `number` is part of the rules' version."""

    change = models.OneToOneField(RuleValueChange, on_delete=models.PROTECT, related_name="force")
    number = models.PositiveIntegerField(unique=True)
    since = models.DateTimeField()

    class Meta:
        db_table = "catalogue_rule_value_in_force"
        verbose_name_plural = "rule values in force"
