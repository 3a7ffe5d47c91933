from django.db import migrations

from config.search.building import BuildSearch


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('platform', '0003_search'),
        ('models3d', '0001_initial'),
    ]

    operations = [
        BuildSearch('model3d'),
    ]
