"""Addresses are compared by their domain as people write it, not by its `xn--` spelling."""

from django.db import migrations

from accounts.domain.names import PUNYCODE, folded_email


def fold(apps, schema_editor):
    """Of two accounts with one address in two spellings the older keeps it, as when columns were folded first. Who
    migrates is told."""
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    odd = users.filter(email_folded__contains=f"{PUNYCODE}")
    for user in odd.only("username", "email", "date_joined").order_by("date_joined", "pk"):
        address = folded_email(user.email)
        if (other := users.filter(email_folded=address).exclude(pk=user.pk).first()) is not None:
            younger = max(user, other, key=lambda one: (one.date_joined, one.pk))
            print(f"\n  User {younger.username} has no e-mail address any more: {younger.email} belongs to an older account.")
            younger.email = younger.email_folded = f"{younger.pk}@removed.invalid"
            younger.save(update_fields=["email", "email_folded"])
            if younger.pk == user.pk:
                continue
        user.email_folded = address
        user.save(update_fields=["email_folded"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_files")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
