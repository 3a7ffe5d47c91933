from django.db import migrations

from config.search.building import BuildSearch


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('platform', '0003_search'),
        ('templates', '0007_searchable'),
    ]

    operations = [
        BuildSearch('contenttemplate', index=False),
        BuildSearch('project'),
        BuildSearch('document'),
    ]
