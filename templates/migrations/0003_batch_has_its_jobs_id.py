from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("templates", "0002_batches_have_their_jobs_id"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='templatebatch',
            constraint=models.CheckConstraint(condition=models.Q(('id', models.F('job_id'))), name='batch_has_its_jobs_id'),
        ),
    ]
