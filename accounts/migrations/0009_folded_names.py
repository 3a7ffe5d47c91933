"""Columns by which names and addresses are compared, filled. What clashes by them goes to the account that is older."""

from django.db import migrations, models

from accounts.domain.names import folded

AT_ONCE = 500
LONGEST = 150


def fold(apps, schema_editor):
    """A younger account whose name is the same but for case gets a number behind its name, and one with the same
    address gets one that leads nowhere (RFC 2606): nobody may receive, or log in with, what is somebody else's. Who
    migrates is told of both."""
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    taken, addresses, batch = set(), set(), []

    def save():
        users.bulk_update(batch, ["username", "username_folded", "email", "email_folded"])
        batch.clear()

    for user in users.only("username", "email").order_by("date_joined", "pk").iterator(chunk_size=AT_ONCE):
        if folded(user.username) in taken:
            free = free_name(user.username, taken, users)
            print(f"\n  User {user.username} is called {free} from now on: the name belongs to an older account.")
            user.username = free
        if folded(user.email) in addresses:
            print(f"\n  User {user.username} has no e-mail address any more: {user.email} belongs to an older account.")
            user.email = f"{user.pk}@removed.invalid"
        user.username_folded, user.email_folded = folded(user.username), folded(user.email)
        taken.add(user.username_folded)
        addresses.add(user.email_folded)
        batch.append(user)
        if len(batch) == AT_ONCE:
            save()
    save()


def free_name(name, taken, users):
    """With the first number that nobody has, those who come later included."""
    number = 2
    while True:
        ending = f"-{number}"
        free = name[: LONGEST - len(ending)] + ending
        if folded(free) not in taken and not users.filter(username__iexact=free).exists():
            return free
        number += 1


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_login_sessions")]

    operations = [
        migrations.AddField(
            "user", "username_folded", models.CharField(default="", editable=False, max_length=450)
        ),
        migrations.AddField("user", "email_folded", models.CharField(default="", editable=False, max_length=762)),
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
