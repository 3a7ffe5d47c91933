from django.db import migrations

from config.search.building import BuildSearch


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('platform', '0003_search'),
        ('conversations', '0001_initial'),
    ]

    operations = [
        BuildSearch('conversation'),
        BuildSearch('message'),
    ]
