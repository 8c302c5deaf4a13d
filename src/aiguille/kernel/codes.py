"""The one list of every clinical and organisational code.

Engines, database choices, the API and data files import these; no other module may
spell a code of its own. The words come from the clinical knowledge base (sections 1,
2 and 8) and from the rule book's contract.
"""

from enum import StrEnum


class Procedure(StrEnum):
    """A family of acts that has its own legal and clinical rules."""

    NEEDLING = "needling"
    MESOTHERAPY = "mesotherapy"


class Indication(StrEnum):
    """Why a procedure is done. A treatment is a (procedure, indication) pair."""

    AGEING = "AGEING"
    ACNE_SCAR_ATROPHIC = "ACNE_SCAR_ATROPHIC"
    SCAR_SURGICAL = "SCAR_SURGICAL"
    STRIAE = "STRIAE"
    PIGMENT_MELASMA = "PIGMENT_MELASMA"
    ALOPECIA_AGA = "ALOPECIA_AGA"
    PORES_TEXTURE = "PORES_TEXTURE"
    ACNE_ACTIVE = "ACNE_ACTIVE"
    KELOID = "KELOID"
    HYPERTROPHIC = "HYPERTROPHIC"
    MESOLIFT_AGEING = "MESOLIFT_AGEING"
    ACNE = "ACNE"
    HAIR_LOSS = "HAIR_LOSS"
    PAIN = "PAIN"
    CELLULITE_DRAINAGE_NO_LYSIS = "CELLULITE_DRAINAGE_NO_LYSIS"
    CELLULITE_FAT = "CELLULITE_FAT"


INDICATIONS_OF: dict[Procedure, tuple[Indication, ...]] = {
    Procedure.NEEDLING: (
        Indication.AGEING,
        Indication.ACNE_SCAR_ATROPHIC,
        Indication.SCAR_SURGICAL,
        Indication.STRIAE,
        Indication.PIGMENT_MELASMA,
        Indication.ALOPECIA_AGA,
        Indication.PORES_TEXTURE,
        Indication.ACNE_ACTIVE,
        Indication.KELOID,
        Indication.HYPERTROPHIC,
    ),
    Procedure.MESOTHERAPY: (
        Indication.MESOLIFT_AGEING,
        Indication.ACNE,
        Indication.HAIR_LOSS,
        Indication.PAIN,
        Indication.CELLULITE_DRAINAGE_NO_LYSIS,
        Indication.CELLULITE_FAT,
    ),
}

SCAR_INDICATIONS = frozenset({Indication.ACNE_SCAR_ATROPHIC, Indication.SCAR_SURGICAL})


class Zone(StrEnum):
    """A named part of the face, scalp or body."""

    FOREHEAD = "FOREHEAD"
    TEMPLE = "TEMPLE"
    PERIORBITAL = "PERIORBITAL"
    NOSE = "NOSE"
    CHEEK = "CHEEK"
    UPPER_LIP = "UPPER_LIP"
    CHIN_JAW = "CHIN_JAW"
    NECK = "NECK"
    DECOLLETE = "DECOLLETE"
    HAND_DORSUM = "HAND_DORSUM"
    ABDOMEN_THIGH = "ABDOMEN_THIGH"
    BACK = "BACK"
    SCALP = "SCALP"
    EYELID = "EYELID"
    LIP_VERMILION = "LIP_VERMILION"
    EAR_CANAL = "EAR_CANAL"
    GENITAL = "GENITAL"
    NIPPLE = "NIPPLE"


FORBIDDEN_ZONES = frozenset(
    {Zone.EYELID, Zone.LIP_VERMILION, Zone.EAR_CANAL, Zone.GENITAL, Zone.NIPPLE}
)


class Side(StrEnum):
    """Which side of the body a mark lies on."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    BOTH = "both"


class PhotoPurpose(StrEnum):
    """What a photo of a patient may serve."""

    CARE = "CARE"
    TEACHING = "TEACHING"
    PUBLICATION = "PUBLICATION"


class ScoreMoment(StrEnum):
    """When in a course an outcome is measured."""

    START = "START"
    SESSION = "SESSION"
    FOLLOW_UP = "FOLLOW_UP"


class Technique(StrEnum):
    """How mesotherapy is injected."""

    IED = "IED"
    IDS_NAPPAGE = "IDS_NAPPAGE"
    PAPULE = "PAPULE"
    IDP_POINT_PAR_POINT = "IDP_POINT_PAR_POINT"
    MESOPERFUSION = "MESOPERFUSION"
    LINEAR = "LINEAR"
    GUN = "GUN"


class Direction(StrEnum):
    """A direction in which a roller or pen is passed over a zone."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    OBLIQUE_RIGHT = "oblique_right"
    OBLIQUE_LEFT = "oblique_left"


class EndPoint(StrEnum):
    """What the skin shows when passes over a zone are enough."""

    ERYTHEMA = "ERYTHEMA"
    PINPOINT_BLEEDING = "PINPOINT_BLEEDING"
    FRANK_BLEEDING = "FRANK_BLEEDING"


class Active(StrEnum):
    """An active substance of a product."""

    HYALURONIC_ACID = "hyaluronic_acid"
    LIDOCAINE = "lidocaine"
    PROCAINE = "procaine"
    VITAMIN_A = "vitamin_a"
    VITAMIN_B5 = "vitamin_b5"
    BIOTIN = "biotin"
    VITAMIN_C = "vitamin_c"
    MINOXIDIL = "minoxidil"
    DUTASTERIDE = "dutasteride"
    FINASTERIDE = "finasteride"
    TRANEXAMIC_ACID = "tranexamic_acid"
    GINKGO = "ginkgo"
    PHOSPHATIDYLCHOLINE = "phosphatidylcholine"
    DEOXYCHOLATE = "deoxycholate"
    TRACE_ELEMENTS = "trace_elements"
    AMINO_ACIDS = "amino_acids"
    OTHER = "other"


class ProductKind(StrEnum):
    """What a product or instrument is, for the step that asks for it."""

    ROLLER = "ROLLER"
    PEN_CARTRIDGE = "PEN_CARTRIDGE"
    SYRINGE = "SYRINGE"
    NEEDLE = "NEEDLE"
    INJECTABLE = "INJECTABLE"
    NUMBING_CREAM = "NUMBING_CREAM"
    ANTISEPTIC = "ANTISEPTIC"
    DRAPE = "DRAPE"
    SALINE = "SALINE"
    PROTECTIVE = "PROTECTIVE"
    POST_CARE = "POST_CARE"


class ProductStatus(StrEnum):
    """The regulatory status of a product in the jurisdiction."""

    MEDICAMENT_AMM = "MEDICAMENT_AMM"
    DM_CE_CLASSE_III = "DM_CE_CLASSE_III"
    ANNEXE_XVI = "ANNEXE_XVI"
    PREPARATION_MAGISTRALE = "PREPARATION_MAGISTRALE"
    COSMETIQUE_INTERDIT_INJECTION = "COSMETIQUE_INTERDIT_INJECTION"
    SUSPENDU_ANSM = "SUSPENDU_ANSM"
    INCONNU = "INCONNU"


class ProductUse(StrEnum):
    """What a product is used for in a session."""

    INJECT = "inject"
    BEFORE = "before"
    GLIDE = "glide"
    AFTER = "after"


class PreparedBy(StrEnum):
    """Who made a mixture."""

    PRACTICE = "practice"
    PHARMACY = "pharmacy"


class ContactMeans(StrEnum):
    """How a person was told something."""

    PHONE = "phone"
    IN_PERSON = "in_person"
    EMAIL = "email"
    LETTER = "letter"


class LotStatus(StrEnum):
    """Whether units of a lot may be opened."""

    AVAILABLE = "available"
    QUARANTINED = "quarantined"
    RECALLED = "recalled"


class PerformerRole(StrEnum):
    """Who performs an act, in the words of the law of the place."""

    PHYSICIAN = "physician"
    NURSE = "nurse"
    BEAUTICIAN = "beautician"
    PATIENT = "patient"


class Place(StrEnum):
    """Where an act is performed."""

    CLINIC = "clinic"
    SPA = "spa"
    HOME = "home"


class Jurisdiction(StrEnum):
    """The law of the place."""

    FR = "FR"


class Answer(StrEnum):
    """An answer to a screening question."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class CreamCondition(StrEnum):
    """A patient's condition that matters for the numbing cream."""

    AMIDE_ALLERGY = "amide_allergy"
    METHAEMOGLOBINAEMIA = "methaemoglobinaemia"
    G6PD_DEFICIENCY = "g6pd_deficiency"
    CLASS_III_ANTIARRHYTHMIC = "class_iii_antiarrhythmic"
    CLASS_I_ANTIARRHYTHMIC = "class_i_antiarrhythmic"
    PORPHYRIA = "porphyria"
    METHAEMOGLOBIN_INDUCING_DRUG = "methaemoglobin_inducing_drug"
    SEVERE_HEPATIC_DISEASE = "severe_hepatic_disease"


class Symptom(StrEnum):
    """What a patient may report after a session."""

    REDNESS = "redness"
    SWELLING = "swelling"
    TINGLING = "tingling"
    PAIN_MILD = "pain_mild"
    BRUISE = "bruise"
    CRUST = "crust"
    LINEAR_MARKS = "linear_marks"
    BROWN_PATCHES = "brown_patches"
    NODULE = "nodule"
    INCREASING_PAIN_WARMTH = "increasing_pain_warmth"
    PUS = "pus"
    FEVER_38 = "fever_38"
    GROUPED_VESICLES = "grouped_vesicles"
    BLEEDING_OVER_30_MIN = "bleeding_over_30_min"
    ABSCESS = "abscess"
    INCREASING_REDNESS = "increasing_redness"
    DELAYED_INFLAMMATION = "delayed_inflammation"
    LYMPHADENOPATHY = "lymphadenopathy"
    LOCAL_URTICARIA = "local_urticaria"
    ACNE_FLARE = "acne_flare"
    DESQUAMATION = "desquamation"
    PAPULE = "papule"
    ATROPHY = "atrophy"
    NECROSIS = "necrosis"
    DISPROPORTIONATE_PAIN = "disproportionate_pain"
    SKIN_BLANCHING_OR_LIVEDO = "skin_blanching_or_livedo"
    VISION_LOSS = "vision_loss"
    LIP_OR_TONGUE_SWELLING = "lip_or_tongue_swelling"
    BREATHING_DIFFICULTY = "breathing_difficulty"
    GENERALISED_URTICARIA = "generalised_urticaria"


class Triage(StrEnum):
    """How soon somebody must act on a symptom, mildest first."""

    EXPECTED = "EXPECTED"
    CALL_7D = "CALL_7D"
    CALL_48H = "CALL_48H"
    CALL_SAME_DAY = "CALL_SAME_DAY"
    EMERGENCY_15 = "EMERGENCY_15"


class StaffRole(StrEnum):
    """What a member of staff is at a site, from a date until another."""

    PHYSICIAN = "physician"
    NURSE = "nurse"
    ASSISTANT = "assistant"
    FRONT_DESK = "front_desk"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class ResourceKind(StrEnum):
    """What an appointment can hold."""

    PRACTITIONER = "practitioner"
    ROOM = "room"
    DEVICE = "device"


class ServiceKind(StrEnum):
    """What a bookable service is."""

    CONSULTATION = "CONSULTATION"
    SESSION = "SESSION"
    CHECK_UP = "CHECK_UP"


class VerdictOutcome(StrEnum):
    """A physician's decision on a treatment for a patient."""

    ELIGIBLE = "ELIGIBLE"
    ELIGIBLE_IF = "ELIGIBLE_IF"
    NOT_BEFORE = "NOT_BEFORE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"


class Language(StrEnum):
    """The languages in which every text a person sees exists."""

    FR = "fr"
    EN = "en"
