"""A consent is signed like a verdict: by whom, in what quality, and a digest that covers both.

A consent signed before carries the digest of its content alone. Where that one still holds, the
digest is reckoned anew; where it does not, it is left for the verifier to name.
"""

import hashlib
import json
from datetime import UTC

from django.db import migrations, models
from django.db.models import F


def _digest(content):
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def name_the_signers(apps, schema_editor):
    consents = apps.get_model("consent", "Consent").objects.using(schema_editor.connection.alias)
    consents.filter(author_id=None).update(signer_id=F("patient_id"))
    consents.exclude(author_id=None).update(signer_id=F("author_id"))
    consents.update(signer_name=F("author_name"), signer_role="patient")
    for row in consents.select_related("text").order_by("id").iterator(500):
        signed_at = row.signed_at.astimezone(UTC).isoformat()
        given = {
            "patient": str(row.patient_id),
            "text": row.text.digest,
            "answers": row.answers,
            "mention": row.mention,
            "signature": row.signature,
        }
        if _digest(given | {"signed_at": signed_at}) != row.content_digest:
            continue
        given |= {
            "treatment": str(row.treatment_id),
            "language": row.language,
            "signature_kind": row.signature_kind,
        }
        row.content_digest = _digest(
            {
                "content": given,
                "signer": str(row.signer_id),
                "name": row.signer_name,
                "role": row.signer_role,
                "rpps": row.signer_rpps,
                "at": signed_at,
            }
        )
        row.save(update_fields=["content_digest"])


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_request_key")]

    operations = [
        migrations.AddField(
            model_name="consent", name="signer_id", field=models.UUIDField(null=True)
        ),
        migrations.AddField(
            model_name="consent",
            name="signer_name",
            field=models.CharField(max_length=200, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="consent",
            name="signer_role",
            field=models.CharField(max_length=20, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="consent",
            name="signer_rpps",
            field=models.CharField(blank=True, max_length=11, default=""),
            preserve_default=False,
        ),
        migrations.RunPython(name_the_signers, migrations.RunPython.noop),
        # What the updates left to be checked at the end must be checked before the table changes.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(model_name="consent", name="signer_id", field=models.UUIDField()),
    ]
