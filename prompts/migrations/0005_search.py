from django.db import migrations

from config.search.building import BuildSearch


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('platform', '0003_search'),
        ('prompts', '0004_searchable'),
    ]

    operations = [
        BuildSearch('prompt'),
        BuildSearch('tag', index=False),
    ]
