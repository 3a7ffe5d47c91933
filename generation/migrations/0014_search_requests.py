from django.db import migrations

from config.search.building import BuildSearch


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('platform', '0003_search'),
        ('generation', '0013_image_requests'),
    ]

    operations = [
        BuildSearch('imagerequest'),
    ]
